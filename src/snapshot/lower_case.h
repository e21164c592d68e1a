// Lower case for comparing names without regard to case.
#pragma once

#include <string>
#include <string_view>

namespace firebreak {

// Each code point by Unicode's simple mapping, in no locale; bytes that are no UTF-8 stay.
std::string lower_case(std::string_view text);

}  // namespace firebreak
