// JSON as the commands print it: fields in the order of the code, one document a line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace firebreak {

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 become U+FFFD, because JSON cannot hold them.
std::string to_line(const Json& json);

// Null for none, as restic has it.
Json list_or_null(const std::vector<std::string>& list);

}  // namespace firebreak
