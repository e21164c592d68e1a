#include "standby/storage_conditions.h"

#include <charconv>

#include "base/text.h"
#include "standby/storage_refusal.h"

namespace firebreak {

Answer<std::optional<std::uint64_t>> number_parameter(const StorageTarget& target,
                                                      std::string_view name) {
  if (!target.has(name)) return std::optional<std::uint64_t>();
  const std::string text = target.parameter(name);
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || at != end) {
    return invalid("Invalid value for {}: '{}'", name, printable(text));
  }
  return std::optional(number);
}

Answer<StorageConditions> parse_conditions(const StorageTarget& target) {
  StorageConditions parsed;
  parsed.generation_match = ANSWER(number_parameter(target, "ifGenerationMatch"));
  parsed.generation_not_match = ANSWER(number_parameter(target, "ifGenerationNotMatch"));
  parsed.metageneration_match = ANSWER(number_parameter(target, "ifMetagenerationMatch"));
  parsed.metageneration_not_match = ANSWER(number_parameter(target, "ifMetagenerationNotMatch"));
  return parsed;
}

absl::Status check_conditions(const StorageConditions& conditions, std::uint64_t generation,
                              std::uint64_t metageneration, bool is_read) {
  if (conditions.generation_match.value_or(generation) != generation ||
      conditions.metageneration_match.value_or(metageneration) != metageneration) {
    return condition_not_met();
  }
  if (conditions.generation_not_match == generation ||
      conditions.metageneration_not_match == metageneration) {
    return is_read ? absl::AbortedError("Not Modified") : condition_not_met();
  }
  return {};
}

}  // namespace firebreak
