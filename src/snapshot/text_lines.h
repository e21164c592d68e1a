// The lines of a file that a person wrote: lists of paths and of patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// Lines without their "\n" or "\r\n"; the last needs none. A byte order mark is dropped, and UTF-16
// that has one becomes UTF-8. Invalid for zero bytes (UTF-16 without a mark, or a list of names
// ended by zeros) and for half a UTF-16 unit.
Result<std::vector<std::string>> text_lines(ByteView file);

// Without ASCII white space at both ends.
std::string_view trimmed(std::string_view text);

// The lines that are neither empty nor comments ("# …"), trimmed.
Result<std::vector<std::string>> entry_lines(ByteView file);

}  // namespace firebreak
