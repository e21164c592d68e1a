// The variables of this process's environment, read once and handed in by whoever starts.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace firebreak {

using Environment = std::map<std::string, std::string, std::less<>>;

// All of them, as they are now.
Environment read_environment();

// Empty where it is not set.
std::string variable(const Environment& environment, std::string_view name);

}  // namespace firebreak
