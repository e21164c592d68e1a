// A pattern for one file name, as Go's filepath.Match reads it: '*' any bytes, '?' one character,
// '[a-z]' one of a set, '[^a-z]' one of all others, '\' takes the next one literally.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace firebreak {

class Glob {
 public:
  // Invalid for a set that does not end, is empty or has half a range, and for a last '\'.
  static Result<Glob> parse(std::string_view pattern);

  // `name` has no '/'. Costs at most pattern times name, whatever the two are.
  bool matches(std::string_view name) const;
  // Whether only one name matches, that of text().
  bool is_literal() const { return tokens_.empty(); }
  const std::string& text() const { return literal_; }

 private:
  struct Token {
    enum class Kind : std::uint8_t { Byte, Any, Set, Star };
    Kind kind;
    char byte = 0;        // of Byte
    std::size_t set = 0;  // of Set, in sets_
  };
  struct Set {
    bool is_negated = false;
    std::vector<std::pair<char32_t, char32_t>> ranges;
    bool has(char32_t code) const;
  };

  Result<void> parse_set(std::string_view& rest);
  // How many bytes the token takes from the front of `name`, not empty; 0 where it does not match.
  std::size_t take(const Token& token, std::string_view name) const;

  void find_fixed_ends();

  std::string literal_;
  std::vector<Token> tokens_;  // empty for a literal
  // What every match begins and ends with; they tell most names apart without a walk.
  std::string prefix_;
  std::string suffix_;
  std::vector<Set> sets_;
};

}  // namespace firebreak
