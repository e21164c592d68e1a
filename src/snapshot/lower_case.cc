#include "snapshot/lower_case.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace firebreak {
namespace {

struct CasePair {
  char32_t upper;
  char32_t lower;
};

constexpr CasePair kLower[] = {
#include "lower_table.inc"
};

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  while (!text.empty()) {
    const char first = text[0];
    const std::size_t length = utf8_sequence(text);
    if (length <= 1) {
      lower += first >= 'A' && first <= 'Z' ? static_cast<char>(first - 'A' + 'a') : first;
      text.remove_prefix(1);
      continue;
    }
    const char32_t code = decode_utf8(text.substr(0, length));
    const auto* const pair = std::ranges::lower_bound(kLower, code, {}, &CasePair::upper);
    const bool found = pair != std::end(kLower) && pair->upper == code;
    append_utf8(lower, found ? pair->lower : code);
    text.remove_prefix(length);
  }
  return lower;
}

}  // namespace firebreak
