#include "snapshot/glob.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr char32_t kReplacement = 0xfffd;  // what a byte that is no UTF-8 counts as

// One end of a range in a set: nothing where there is none.
Result<char32_t> take_range_end(std::string_view& rest) {
  const auto bad = [] { return error(Code::Invalid, "a set of characters is not well formed"); };
  if (rest.empty() || rest[0] == '-' || rest[0] == ']') return bad();
  if (rest[0] == '\\') rest.remove_prefix(1);
  const std::size_t length = utf8_sequence(rest);
  if (length == 0) return bad();
  const char32_t code = decode_utf8(rest.substr(0, length));
  rest.remove_prefix(length);
  return code;
}

}  // namespace

bool Glob::Set::has(char32_t code) const {
  return is_negated != std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
           return range.first <= code && code <= range.second;
         });
}

Result<void> Glob::parse_set(std::string_view& rest) {
  Set set;
  if (!rest.empty() && rest[0] == '^') {
    set.is_negated = true;
    rest.remove_prefix(1);
  }
  while (set.ranges.empty() || rest.empty() || rest[0] != ']') {
    const char32_t first = TRY(take_range_end(rest));
    char32_t last = first;
    if (!rest.empty() && rest[0] == '-') {
      rest.remove_prefix(1);
      last = TRY(take_range_end(rest));
    }
    set.ranges.emplace_back(first, last);
  }
  rest.remove_prefix(1);
  tokens_.push_back({Token::Kind::Set, 0, sets_.size()});
  sets_.push_back(std::move(set));
  return {};
}

Result<Glob> Glob::parse(std::string_view pattern) {
  Glob glob;
  bool is_literal = true;
  while (!pattern.empty()) {
    const char first = pattern[0];
    pattern.remove_prefix(1);
    if (first == '*') {
      // Several stars mean the same as one.
      if (glob.tokens_.empty() || glob.tokens_.back().kind != Token::Kind::Star) {
        glob.tokens_.push_back({Token::Kind::Star});
      }
      is_literal = false;
    } else if (first == '?') {
      glob.tokens_.push_back({Token::Kind::Any});
      is_literal = false;
    } else if (first == '[') {
      TRY(glob.parse_set(pattern));
      is_literal = false;
    } else {
      char byte = first;
      if (first == '\\') {
        if (pattern.empty()) return error(Code::Invalid, "nothing follows the last \\");
        byte = pattern[0];
        pattern.remove_prefix(1);
      }
      glob.tokens_.push_back({Token::Kind::Byte, byte});
      glob.literal_ += byte;
    }
  }
  if (is_literal) {
    glob.tokens_.clear();
  } else {
    glob.literal_.clear();
    glob.find_fixed_ends();
  }
  return glob;
}

void Glob::find_fixed_ends() {
  const auto is_byte = [](const Token& token) { return token.kind == Token::Kind::Byte; };
  auto first = tokens_.begin();
  for (; is_byte(*first); ++first) prefix_ += first->byte;  // ends, as not all are bytes
  auto last = tokens_.end();
  while (is_byte(*std::prev(last))) --last;
  for (; last != tokens_.end(); ++last) suffix_ += last->byte;
}

std::size_t Glob::take(const Token& token, std::string_view name) const {
  if (token.kind == Token::Kind::Byte) return name[0] == token.byte ? 1 : 0;
  const std::size_t length = utf8_sequence(name);
  const std::size_t taken = std::max<std::size_t>(length, 1);
  if (token.kind == Token::Kind::Any) return taken;
  const char32_t code = length == 0 ? kReplacement : decode_utf8(name.substr(0, length));
  return sets_[token.set].has(code) ? taken : 0;
}

bool Glob::matches(std::string_view name) const {
  if (is_literal()) return name == literal_;
  if (name.size() < prefix_.size() + suffix_.size() || !name.starts_with(prefix_) ||
      !name.ends_with(suffix_)) {
    return false;
  }
  // Only the last star that was passed needs another try: what stands before it matched as early as
  // it could, and a later match there leaves less for the rest.
  std::size_t token = 0, at = 0;
  std::size_t star = tokens_.size(), star_at = 0;
  while (true) {
    if (token < tokens_.size() && tokens_[token].kind == Token::Kind::Star) {
      star = token++;
      star_at = at;
      if (token == tokens_.size()) return true;
      continue;
    }
    if (token == tokens_.size() && at == name.size()) return true;
    const std::size_t taken =
        token < tokens_.size() && at < name.size() ? take(tokens_[token], name.substr(at)) : 0;
    if (taken > 0) {
      ++token;
      at += taken;
      continue;
    }
    if (star == tokens_.size() || star_at >= name.size()) return false;
    token = star + 1;
    at = ++star_at;
  }
}

}  // namespace firebreak
