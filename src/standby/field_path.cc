#include "standby/field_path.h"

#include <algorithm>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::size_t kFieldPathBytesMax = 1500;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_plain(std::string_view segment) {
  if (segment.empty() || !is_letter(segment.front())) return false;
  return std::all_of(segment.begin(), segment.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

// Takes a segment in backticks off the front; nothing where it does not end.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string segment;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '`') {
      text.remove_prefix(at + 1);
      return segment;
    }
    if (text[at] == '\\' && ++at == text.size()) return std::nullopt;
    segment += text[at];
  }
  return std::nullopt;
}

}  // namespace

Answer<FieldPath> parse_field_path(std::string_view text) {
  const auto refused = [whole = text](std::string_view why) {
    return invalid("Invalid property path \"{}\": {}.", printable(whole), why);
  };
  if (text.size() > kFieldPathBytesMax) {
    return refused(fmt::format("it is longer than {} bytes", kFieldPathBytesMax));
  }
  FieldPath path;
  for (;;) {
    if (text.starts_with('`')) {
      std::optional<std::string> segment = take_quoted(text);
      if (!segment || segment->empty()) return refused("a quoted segment does not end or is empty");
      path.push_back(*std::move(segment));
    } else {
      const std::string_view segment = text.substr(0, text.find('.'));
      if (!is_plain(segment)) return refused("segments other than identifiers must be quoted");
      path.emplace_back(segment);
      text.remove_prefix(segment.size());
    }
    if (text.empty()) break;
    if (!text.starts_with('.')) return refused("a dot is expected between segments");
    text.remove_prefix(1);
  }
  return path;
}

std::string to_string(const FieldPath& path) {
  std::string text;
  for (const std::string& segment : path) {
    if (!text.empty()) text += '.';
    if (is_plain(segment)) {
      text += segment;
      continue;
    }
    text += '`';
    for (const char c : segment) {
      if (c == '`' || c == '\\') text += '\\';
      text += c;
    }
    text += '`';
  }
  return text;
}

}  // namespace firebreak
