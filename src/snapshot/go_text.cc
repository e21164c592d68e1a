#include "snapshot/go_text.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace firebreak {
namespace {

struct CodeRange {
  char32_t first;
  char32_t last;
};

constexpr CodeRange kPrintable[] = {
#include "printable_table.inc"
};

bool is_printable(char32_t code) {
  const auto* const range = std::ranges::lower_bound(kPrintable, code, {}, &CodeRange::last);
  return range != std::end(kPrintable) && range->first <= code;
}

// The letter after the backslash for \a … \v, or 0.
char short_escape(char32_t code) {
  constexpr std::string_view kLetters = "abtnvfr";  // U+0007 … U+000D
  return code >= 7 && code <= 13 ? kLetters[code - 7] : '\0';
}

Error cannot_unquote(std::string_view what) {
  return error(Code::Invalid, "not a quoted name: {}", what);
}

// The value of `count` digits of `base` at the front of `text`, which lose them.
Result<char32_t> take_number(std::string_view& text, std::size_t count, unsigned base) {
  if (text.size() < count) return cannot_unquote("an escape that ends early");
  char32_t value = 0;
  for (const char digit : text.substr(0, count)) {
    unsigned number = base;
    if (digit >= '0' && digit <= '9') number = static_cast<unsigned>(digit - '0');
    if (digit >= 'a' && digit <= 'f') number = static_cast<unsigned>(digit - 'a') + 10;
    if (digit >= 'A' && digit <= 'F') number = static_cast<unsigned>(digit - 'A') + 10;
    if (number >= base) return cannot_unquote("an escape with a wrong digit");
    value = value * base + number;
  }
  text.remove_prefix(count);
  return value;
}

// What follows a backslash; `text` loses it.
Result<void> append_unescaped(std::string& to, std::string_view& text) {
  const char kind = text.front();
  if (kind >= '0' && kind <= '7') {
    const char32_t byte = TRY(take_number(text, 3, 8));
    if (byte > 255) return cannot_unquote("an octal escape above 255");
    to += static_cast<char>(static_cast<unsigned char>(byte));
    return {};
  }
  text.remove_prefix(1);
  constexpr std::string_view kLetters = "abtnvfr";
  if (const std::size_t at = kLetters.find(kind); at != kLetters.npos) {
    to += static_cast<char>(7 + at);
  } else if (kind == '\\' || kind == '"') {
    to += kind;
  } else if (kind == 'x') {
    const char32_t byte = TRY(take_number(text, 2, 16));
    to += static_cast<char>(static_cast<unsigned char>(byte));
  } else if (kind == 'u' || kind == 'U') {
    const char32_t code = TRY(take_number(text, kind == 'u' ? 4 : 8, 16));
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      return cannot_unquote("an escape that is no character");
    }
    append_utf8(to, code);
  } else {
    return cannot_unquote("an unknown escape");
  }
  return {};
}

}  // namespace

void append_quoted(std::string& to, std::string_view name) {
  while (!name.empty()) {
    const std::size_t length = utf8_sequence(name);
    const char32_t code =
        length == 0 ? static_cast<unsigned char>(name[0]) : decode_utf8(name.substr(0, length));
    if (length == 0) {
      to += fmt::format("\\x{:02x}", static_cast<unsigned>(code));
    } else if (code == '"' || code == '\\') {
      to += '\\';
      to += static_cast<char>(code);
    } else if (is_printable(code)) {
      to.append(name.substr(0, length));
    } else if (const char letter = short_escape(code); letter != '\0') {
      to += '\\';
      to += letter;
    } else if (code < 0x20 || code == 0x7f) {
      to += fmt::format("\\x{:02x}", static_cast<unsigned>(code));
    } else if (code < 0x10000) {
      to += fmt::format("\\u{:04x}", static_cast<unsigned>(code));
    } else {
      to += fmt::format("\\U{:08x}", static_cast<unsigned>(code));
    }
    name.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

Result<std::string> unquote(std::string_view quoted) {
  std::string name;
  name.reserve(quoted.size());
  while (!quoted.empty()) {
    const char next = quoted.front();
    if (next == '"' || next == '\n') return cannot_unquote("a bare quote or line break");
    if (next != '\\') {
      name += next;
      quoted.remove_prefix(1);
      continue;
    }
    quoted.remove_prefix(1);
    if (quoted.empty()) return cannot_unquote("a backslash at the end");
    TRY(append_unescaped(name, quoted));
  }
  return name;
}

void append_json_string(std::string& to, std::string_view text) {
  to += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    const char first = text[0];
    if (length == 0) {
      to += "\\ufffd";
    } else if (length == 3 && (text.starts_with("\u2028") || text.starts_with("\u2029"))) {
      to += text[2] == '\xa8' ? "\\u2028" : "\\u2029";
    } else if (length > 1) {
      to.append(text.substr(0, length));
    } else if (first == '"' || first == '\\') {
      to += '\\';
      to += first;
    } else if (first == '<' || first == '>' || first == '&' ||
               static_cast<unsigned char>(first) < 0x20) {
      constexpr std::string_view kShort = "btn\0fr";  // U+0008 … U+000D; \v has none
      const char letter =
          first >= 8 && first <= 13 ? kShort[static_cast<std::size_t>(first - 8)] : '\0';
      if (letter != '\0') {
        to += '\\';
        to += letter;
      } else {
        to += fmt::format("\\u{:04x}", static_cast<unsigned>(first));
      }
    } else {
      to += first;
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  to += '"';
}

}  // namespace firebreak
