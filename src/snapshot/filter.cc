#include "snapshot/filter.h"

#include <bit>
#include <optional>

#include "base/text.h"
#include "snapshot/lower_case.h"

namespace firebreak {
namespace {

// One bit for each, and one for the end.
constexpr std::size_t kNamesMax = 63;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) names.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return names;
}

// Takes out "." and what ".." leaves, by spelling alone; nothing where ".." leads out of what is
// written.
std::optional<std::vector<std::string_view>> cleaned(std::string_view path) {
  const bool is_absolute = !path.empty() && path[0] == '/';
  std::vector<std::string_view> clean;
  for (const std::string_view name : split(path)) {
    if (name == ".") continue;
    if (name != "..") {
      clean.push_back(name);
    } else if (!clean.empty()) {
      clean.pop_back();
    } else if (!is_absolute) {
      return std::nullopt;
    }
  }
  return clean;
}

}  // namespace

Result<Filter::Pattern> Filter::parse_pattern(std::string_view text) {
  Pattern pattern;
  if (text[0] == '!') {
    pattern.is_negated = true;
    text.remove_prefix(1);
  }
  pattern.is_anchored = !text.empty() && text[0] == '/';
  const auto names = cleaned(text);
  if (!names.has_value() || (names->empty() && !pattern.is_anchored)) {
    return error(Code::Invalid, "it can match nothing");
  }
  bool was_double = false;
  for (const std::string_view name : *names) {
    const bool is_double = name == "**";
    if (is_double && was_double) continue;  // the same as one, and one state steps over it
    if (pattern.names.size() == kNamesMax) {
      return error(Code::Invalid, "it has more than {} names", kNamesMax);
    }
    if (is_double) pattern.doubles |= std::uint64_t{1} << pattern.names.size();
    pattern.names.push_back(TRY(Glob::parse(name)));
    was_double = is_double;
  }
  return pattern;
}

Result<Filter> Filter::parse(const std::vector<std::string>& patterns, Case how) {
  Filter filter;
  filter.case_ = how;
  std::string refused;
  for (const std::string& text : patterns) {
    if (text.empty()) continue;
    auto pattern = parse_pattern(how == Case::Insensitive ? lower_case(text) : text);
    if (!pattern.ok()) {
      refused += fmt::format("{}\"{}\": {}", refused.empty() ? "" : "; ", printable(text),
                             pattern.error().message());
      continue;
    }
    filter.any_negated_ |= pattern->is_negated;
    filter.patterns_.push_back(*std::move(pattern));
  }
  if (!refused.empty()) return error(Code::Invalid, "pattern {}", refused);
  return filter;
}

// Bit i of `active` says that the first i names of the pattern have matched up to here, the bit
// after the last that all have: the path is then below a match, whatever follows.
Filter::Verdict Filter::match(const Pattern& pattern, bool is_absolute,
                              const std::vector<std::string_view>& names) {
  const std::uint64_t start = 1;
  const std::uint64_t end = std::uint64_t{1} << pattern.names.size();
  const auto past_doubles = [&](std::uint64_t bits) {
    return bits | (bits & pattern.doubles) << 1;
  };
  std::uint64_t active = 0;
  if (!pattern.is_anchored || is_absolute) active = past_doubles(start);
  for (const std::string_view name : names) {
    if (!pattern.is_anchored) active |= past_doubles(start);
    if ((active & end) != 0 || active == 0) break;
    std::uint64_t next = active & pattern.doubles;
    for (std::uint64_t todo = active & ~pattern.doubles; todo != 0; todo &= todo - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(todo));
      if (pattern.names[i].matches(name)) next |= std::uint64_t{2} << i;
    }
    active = past_doubles(next);
  }
  return {(active & end) != 0, !pattern.is_anchored || active != 0};
}

Filter::Verdict Filter::match(std::string_view path) const {
  const std::string lower = case_ == Case::Insensitive ? lower_case(path) : std::string();
  if (case_ == Case::Insensitive) path = lower;
  const bool is_absolute = !path.empty() && path[0] == '/';
  const std::vector<std::string_view> names = split(path);
  Verdict verdict;
  for (const Pattern& pattern : patterns_) {
    const Verdict one = match(pattern, is_absolute, names);
    if (pattern.is_negated) {
      verdict.matched &= !one.matched;
      verdict.child_may_match &= !one.matched;
      continue;
    }
    verdict.matched |= one.matched;
    verdict.child_may_match |= one.child_may_match;
    if (verdict.matched && verdict.child_may_match && !any_negated_) break;
  }
  return verdict;
}

}  // namespace firebreak
