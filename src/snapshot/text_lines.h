// The lines of a file that a person wrote: lists of paths and of patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// Without a byte order mark; UTF-16 that has one becomes UTF-8. Invalid for half a UTF-16 unit.
Result<std::string> decoded_text(ByteView file);

// Its lines without their "\n" or "\r\n"; the last needs none. Invalid also for zero bytes (UTF-16
// without a mark, or a list of names ended by zeros).
Result<std::vector<std::string>> text_lines(ByteView file);

// Without ASCII white space at both ends.
std::string_view trimmed(std::string_view text);

// The lines that are neither empty nor comments ("# …"), trimmed.
Result<std::vector<std::string>> entry_lines(ByteView file);

}  // namespace firebreak
