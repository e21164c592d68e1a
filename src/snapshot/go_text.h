// Texts as Go's standard library spells them. A tree's id is the hash of its JSON, so the same
// files have the same id in restic and here only when every byte of it is the same.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace firebreak {

// strconv.Quote without the quotes around it, appended: the spelling of names inside trees. Any
// bytes can be quoted.
void append_quoted(std::string& to, std::string_view name);

// The reverse; also accepts Go's other escapes. Invalid for what strconv.Unquote refuses.
Result<std::string> unquote(std::string_view quoted);

// A JSON string with its quotes as encoding/json writes it since Go 1.22: <, >, &, U+2028 and
// U+2029 are escaped, bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& to, std::string_view text);

}  // namespace firebreak
