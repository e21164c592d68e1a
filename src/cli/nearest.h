// What somebody who mistyped a word may have meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace firebreak {

// The known word that takes the fewest edits, if those are few for its length.
std::optional<std::string> nearest_word(const std::string& word,
                                        const std::vector<std::string>& known);

}  // namespace firebreak
