#include "point/separator.h"

#include <algorithm>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

bool is_plain(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z');
}

// Sorts between the same neighbours among letters and digits as the byte itself.
char escape_of(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  if (value < '0') return '%';
  if (value < 'A') return '=';
  if (value < 'a') return '_';
  return '~';
}

}  // namespace

std::string separator_between(std::string_view before, std::string_view first) {
  const auto [end, _] = std::ranges::mismatch(before, first);
  const auto shared = static_cast<std::size_t>(end - before.begin());
  CHECK(shared < first.size());
  return std::string(first.substr(0, shared + 1));
}

std::string separator_name(std::string_view separator) {
  std::string name;
  for (const char byte : separator) {
    if (is_plain(byte)) {
      name += byte;
      continue;
    }
    const auto value = static_cast<unsigned char>(byte);
    name += escape_of(byte);
    name += kDigits[value >> 4];
    name += kDigits[value & 15];
  }
  return name;
}

Result<std::string> parse_separator_name(std::string_view name) {
  const auto unknown = [&] {
    return error(Code::Corrupt, "\"{}\" is no name of a key-ordered tree", printable(name));
  };
  std::string separator;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (is_plain(name[at])) {
      separator += name[at];
      continue;
    }
    if (name.size() - at < 3) return unknown();
    const std::size_t high = kDigits.find(name[at + 1]);
    const std::size_t low = kDigits.find(name[at + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return unknown();
    const char byte = static_cast<char>(high << 4 | low);
    if (is_plain(byte) || escape_of(byte) != name[at]) return unknown();
    separator += byte;
    at += 2;
  }
  return separator;
}

}  // namespace firebreak
