#include "snapshot/text_lines.h"

#include <algorithm>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr char32_t kReplacement = 0xfffd;  // for half a surrogate pair

bool is_in(char32_t unit, char32_t first, char32_t last) {
  return first <= unit && unit <= last;
}

Result<std::string> utf16_to_utf8(std::string_view bytes, bool is_big_endian) {
  if (bytes.size() % 2 != 0) return error(Code::Invalid, "UTF-16 text of an odd length");
  const auto unit = [&](std::size_t at) -> char32_t {
    const char32_t first = static_cast<unsigned char>(bytes[at]);
    const char32_t second = static_cast<unsigned char>(bytes[at + 1]);
    return is_big_endian ? first << 8 | second : second << 8 | first;
  };
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    char32_t code = unit(at);
    if (is_in(code, 0xd800, 0xdbff) && at + 2 < bytes.size() &&
        is_in(unit(at + 2), 0xdc00, 0xdfff)) {
      code = 0x10000 + ((code - 0xd800) << 10) + (unit(at + 2) - 0xdc00);
      at += 2;
    } else if (is_in(code, 0xd800, 0xdfff)) {
      code = kReplacement;
    }
    append_utf8(text, code);
  }
  return text;
}

}  // namespace

Result<std::string> decoded_text(ByteView file) {
  std::string_view text = as_text(file);
  if (text.starts_with("\xfe\xff") || text.starts_with("\xff\xfe")) {
    return utf16_to_utf8(text.substr(2), text[0] == '\xfe');
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return std::string(text);
}

Result<std::vector<std::string>> text_lines(ByteView file) {
  const std::string text = TRY(decoded_text(file));
  std::string_view rest = text;
  std::vector<std::string> lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    if (line.find('\0') != std::string_view::npos) {
      return error(Code::Invalid, "line {} has a zero byte", lines.size());
    }
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Result<std::vector<std::string>> entry_lines(ByteView file) {
  const std::vector<std::string> lines = TRY(text_lines(file));
  std::vector<std::string> entries;
  for (const std::string& line : lines) {
    const std::string_view entry = trimmed(line);
    if (!entry.empty() && entry[0] != '#') entries.emplace_back(entry);
  }
  return entries;
}

}  // namespace firebreak
