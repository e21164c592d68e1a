// Where a field lies in a document, as the API writes it: `a.b`, with segments that are no plain
// identifiers in backticks, in which a backtick and a backslash are escaped.
#pragma once

#include <string>
#include <vector>

#include "standby/answer.h"

namespace firebreak {

using FieldPath = std::vector<std::string>;

// The pseudo-field that stands for a document's name.
constexpr std::string_view kNameField = "__name__";

Answer<FieldPath> parse_field_path(std::string_view text);
std::string to_string(const FieldPath& path);

inline bool is_name(const FieldPath& path) {
  return path.size() == 1 && path[0] == kNameField;
}

}  // namespace firebreak
