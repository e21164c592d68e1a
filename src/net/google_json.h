// Reads of the JSON that Google's services answer with, where any field may be missing.
#pragma once

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// Null for what is no JSON.
inline nlohmann::json parse_json(ByteView text) {
  nlohmann::json json = nlohmann::json::parse(as_text(text), nullptr, false);
  return json.is_discarded() ? nlohmann::json() : json;
}

// Empty where there is no such field, or where it holds no text.
inline std::string text_at(const nlohmann::json& json, const char* name) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  if (found == json.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

// Null where there is no such field.
inline const nlohmann::json& field_at(const nlohmann::json& json, const char* name) {
  static const nlohmann::json null;
  const auto found = json.is_object() ? json.find(name) : json.end();
  return found == json.end() ? null : *found;
}

// Google writes numbers of 64 bits as texts, and some services small ones too. Nothing for
// anything but a whole number that is not negative.
std::optional<std::uint64_t> number_at(const nlohmann::json& json, const char* name);

}  // namespace firebreak
