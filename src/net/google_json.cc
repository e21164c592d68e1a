#include "net/google_json.h"

#include <charconv>

namespace firebreak {

std::optional<std::uint64_t> number_at(const nlohmann::json& json, const char* name) {
  const nlohmann::json& field = field_at(json, name);
  if (field.is_number_unsigned()) return field.get<std::uint64_t>();
  if (!field.is_string()) return std::nullopt;
  const auto& text = field.get_ref<const std::string&>();
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace firebreak
