// What a request asks of the object or bucket as it is before it is done: ifGenerationMatch and its
// kin.
#pragma once

#include <optional>

#include "standby/answer.h"
#include "standby/storage_http.h"

namespace firebreak {

struct StorageConditions {
  std::optional<std::uint64_t> generation_match;  // 0: there is none
  std::optional<std::uint64_t> generation_not_match;
  std::optional<std::uint64_t> metageneration_match;
  std::optional<std::uint64_t> metageneration_not_match;
};

// INVALID_ARGUMENT for what is no number.
Answer<StorageConditions> parse_conditions(const StorageTarget& target);
// A parameter that is a whole number; nothing where it is not given.
Answer<std::optional<std::uint64_t>> number_parameter(const StorageTarget& target,
                                                      std::string_view name);

// Of what there is; zeros where there is nothing. FAILED_PRECONDITION; ABORTED where a read asks
// for what is not what its caller has already.
absl::Status check_conditions(const StorageConditions& conditions, std::uint64_t generation,
                              std::uint64_t metageneration, bool is_read);

}  // namespace firebreak
