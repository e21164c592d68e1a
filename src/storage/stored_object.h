// An object of a bucket, as Cloud Storage describes it ("Objects" in the reference of its JSON
// API).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/result.h"

namespace firebreak {

struct StoredObject {
  std::string name;
  std::uint64_t generation = 0;
  std::uint64_t metageneration = 0;
  std::uint64_t size = 0;               // as it is stored, encoded or not
  std::optional<std::uint32_t> crc32c;  // of the same bytes
  bool has_customer_key = false;        // nobody else reads it
  // All that was said of it, but for what only repeats where it was asked for (links, its own id
  // and etag).
  nlohmann::json description;
};

// Corrupt for anything else; a name is the service's word and any text.
Result<StoredObject> parse_stored_object(const nlohmann::json& json);

}  // namespace firebreak
