#include "snapshot/pattern_file.h"

#include <algorithm>

#include "base/text.h"
#include "snapshot/text_lines.h"

namespace firebreak {
namespace {

bool may_be_in_name(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_special(char c) {
  return std::string_view("*#@!?-0123456789").find(c) != std::string_view::npos;
}

// Takes a name, in braces or not, off the front; empty where there is none.
Result<std::string_view> take_name(std::string_view& rest) {
  std::string_view name;
  if (!rest.empty() && rest[0] == '{') {
    const std::size_t end = rest.find('}');
    if (end == std::string_view::npos) return error(Code::Invalid, "a ${{ is not closed");
    name = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (name.empty()) return error(Code::Invalid, "no name in ${{}}");
  } else if (!rest.empty() && is_special(rest[0])) {
    name = rest.substr(0, 1);
  } else {
    const auto* const end = std::find_if_not(rest.begin(), rest.end(), may_be_in_name);
    name = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest.remove_prefix(name.size());
  }
  if (!name.empty() && is_special(name[0])) {
    return error(Code::Invalid, "${} is no variable; a dollar is written $$", name);
  }
  return name;
}

Result<std::string> expanded(std::string_view rest, const Environment& environment) {
  std::string text;
  while (!rest.empty()) {
    const char first = rest[0];
    rest.remove_prefix(1);
    if (first != '$') {
      text += first;
      continue;
    }
    if (rest.starts_with('$')) {
      rest.remove_prefix(1);
      text += '$';
      continue;
    }
    const std::string_view name = TRY(take_name(rest));
    if (name.empty()) {
      text += '$';
      continue;
    }
    const auto found = environment.find(name);
    if (found == environment.end()) {
      return error(Code::Invalid, "${} is not set; a dollar is written $$", name);
    }
    text += found->second;
  }
  return text;
}

}  // namespace

Result<std::vector<std::string>> parse_pattern_file(ByteView file, const Environment& environment) {
  std::vector<std::string> patterns = TRY(entry_lines(file));
  for (std::string& pattern : patterns) {
    std::string whole = TRY(expanded(pattern, environment).context("\"{}\"", printable(pattern)));
    pattern = std::move(whole);
  }
  return patterns;
}

}  // namespace firebreak
