// Separators: what tells the children of a key-ordered tree apart, and how they are written as
// names of files without losing their order.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace firebreak {

// The shortest prefix of `first` that is greater than `before`, which is less than `first`.
std::string separator_between(std::string_view before, std::string_view first);

// Letters and digits as they are; every other byte as two upper-case hexadecimal digits after an
// escape that sorts where the byte does. The order of bytes is kept.
std::string separator_name(std::string_view separator);
// Corrupt where separator_name() writes nothing so.
Result<std::string> parse_separator_name(std::string_view name);

}  // namespace firebreak
