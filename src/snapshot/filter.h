// Which paths a list of patterns matches, with restic's rules (--exclude, --include). A pattern is
// a path of globs with '/' between them: it matches a path that ends in it, or any path below one.
// From a leading '/' on it matches from the root only. '**' stands for any number of names, none
// included. '!' before a pattern takes back what earlier ones matched.
//
// Differs from restic where that ignores a pattern silently: what can match nothing ("..", "!") is
// refused. Two '**' in one pattern match all that one would; restic misses some.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/glob.h"

namespace firebreak {

class Filter {
 public:
  enum class Case { Sensitive, Insensitive };

  struct Verdict {
    bool matched = false;
    // Whether something below the path may match, so that an include must look there. Where a
    // negated pattern matches the path, it says no for all that stood before.
    bool child_may_match = false;
  };

  // Empty patterns are skipped. Invalid names every pattern that cannot be read.
  static Result<Filter> parse(const std::vector<std::string>& patterns, Case how);

  // `path` has '/' between its names and, when absolute, in front. Costs patterns times names;
  // no pattern takes longer than its length times that of the path.
  Verdict match(std::string_view path) const;
  bool is_empty() const { return patterns_.empty(); }

 private:
  struct Pattern {
    bool is_negated = false;
    bool is_anchored = false;
    std::vector<Glob> names;
    std::uint64_t doubles = 0;  // bit i: names[i] is '**'
  };

  static Result<Pattern> parse_pattern(std::string_view text);
  static Verdict match(const Pattern& pattern, bool is_absolute,
                       const std::vector<std::string_view>& names);

  Case case_ = Case::Sensitive;
  bool any_negated_ = false;
  std::vector<Pattern> patterns_;
};

}  // namespace firebreak
