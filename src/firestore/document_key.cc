#include "firestore/document_key.h"

#include "base/bytes.h"
#include "firestore/document_path.h"

namespace firebreak {
namespace {

constexpr char kEscape = '\0';
constexpr char kNul = '\xff';   // after the escape: a zero byte
constexpr char kEnd = '\x01';   // after the escape: the string is over
constexpr char kNumber = '\0';  // after the escape, at the start: a numeric id
constexpr std::uint64_t kSign = 1ull << 63;

void append_string(std::string& key, std::string_view text) {
  for (;;) {
    const std::size_t zero = text.find('\0');
    key.append(text.substr(0, zero));
    key.push_back(kEscape);
    if (zero == std::string_view::npos) break;
    key.push_back(kNul);
    text.remove_prefix(zero + 1);
  }
  key.push_back(kEnd);
}

void append_document_id(std::string& key, std::string_view id) {
  const std::optional<std::int64_t> number = numeric_id(id);
  if (!number) return append_string(key, id);
  key.push_back(kEscape);
  key.push_back(kNumber);
  const std::uint64_t ordered = static_cast<std::uint64_t>(*number) ^ kSign;
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(ordered >> shift & 0xff));
  }
}

void append_path(std::string& key, std::string_view path) {
  bool is_document = false;
  for (const std::string_view segment : path_segments(path)) {
    is_document ? append_document_id(key, segment) : append_string(key, segment);
    is_document = !is_document;
  }
}

// Takes one string off the front of `key`.
Result<std::string> take_string(std::string_view& key) {
  std::string text;
  for (;;) {
    const std::size_t escape = key.find(kEscape);
    if (escape == std::string_view::npos || escape + 1 == key.size()) {
      return error(Code::Corrupt, "a key ends within a segment");
    }
    text.append(key.substr(0, escape));
    const char what = key[escape + 1];
    key.remove_prefix(escape + 2);
    if (what == kEnd) return text;
    if (what != kNul) return error(Code::Corrupt, "a key has an unknown escape");
    text.push_back('\0');
  }
}

Result<std::string> take_document_id(std::string_view& key) {
  if (!key.starts_with(std::string_view("\0\0", 2))) return take_string(key);
  if (key.size() < 10) return error(Code::Corrupt, "a key ends within a segment");
  std::uint64_t ordered = 0;
  for (const char digit : key.substr(2, 8)) {
    ordered = ordered << 8 | static_cast<unsigned char>(digit);
  }
  key.remove_prefix(10);
  return fmt::format("__id{}__", static_cast<std::int64_t>(ordered ^ kSign));
}

}  // namespace

std::string group_prefix(std::string_view collection_id) {
  std::string key;
  append_string(key, collection_id);
  return key;
}

std::string group_prefix(std::string_view collection_id, std::string_view path) {
  std::string key = group_prefix(collection_id);
  append_path(key, path);
  return key;
}

std::string document_key(std::string_view document_path) {
  return group_prefix(collection_id(document_path), document_path);
}

std::string name_key(std::string_view document_path) {
  std::string key;
  append_path(key, document_path);
  return key;
}

Result<DecodedKey> decode_document_key(std::string_view key) {
  std::string_view rest = key;
  DecodedKey decoded;
  decoded.collection_id = TRY(take_string(rest));
  bool is_document = false;
  while (!rest.empty()) {
    const std::string segment = TRY(is_document ? take_document_id(rest) : take_string(rest));
    if (!decoded.path.empty()) decoded.path += '/';
    decoded.path += segment;
    is_document = !is_document;
  }
  Result<void> legal = check_document_path(decoded.path);
  if (!legal.ok()) return error(Code::Corrupt, "a key of no document: {}", legal.error().message());
  // One spelling a path: an id that could be a number must have been written as one.
  if (document_key(decoded.path) != key) return error(Code::Corrupt, "a key is not canonical");
  return decoded;
}

std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

}  // namespace firebreak
