#include "snapshot/filter.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "snapshot/lower_case.h"

namespace firebreak {
namespace {

Filter filter(const std::vector<std::string>& patterns,
              Filter::Case how = Filter::Case::Sensitive) {
  return Filter::parse(patterns, how).value();
}
bool matches(const std::string& pattern, std::string_view path) {
  return filter({pattern}).match(path).matched;
}
bool child_may_match(const std::string& pattern, std::string_view path) {
  return filter({pattern}).match(path).child_may_match;
}

using Pairs = std::initializer_list<std::pair<const char*, const char*>>;

TEST(Filter, Matches) {
  for (const auto& [pattern, path] : Pairs{{"foo", "/a/foo"},
                                           {"foo", "/foo/below/it"},
                                           {"*.go", "/home/user/x.go"},
                                           {"*.go", "/home/x.go/below"},
                                           {"user/*.go", "/home/user/x.go"},
                                           {"/home", "/home/user"},
                                           {"/home/*", "/home/user/deep/below"},
                                           {"/home/user/", "/home/user"},
                                           {"//home/./x/../user", "/home/user"},
                                           {"/", "/"},
                                           {"/", "/home"},
                                           {"/../home", "/home"},
                                           {"a/**/c", "/x/a/c"},
                                           {"a/**/c", "/x/a/b/b/b/c/d"},
                                           {"/a/**/b/**/c", "/a/b/c"},
                                           {"/a/**/b/**/c", "/a/x/b/c"},
                                           {"/a/**/b/**/c", "/a/b/x/y/c"},
                                           {"/**/c", "/a/b/c"},
                                           {"/a/**", "/a"},
                                           {"/a/**", "/a/b"},
                                           {"**", "/a"},
                                           {"**/**/x", "/x"},
                                           {"a/**/**/c", "/a/c"},
                                           {"[ab]/?", "/b/x"},
                                           {"foo", "foo"},
                                           {"foo/bar", "x/foo/bar"}}) {
    EXPECT_TRUE(matches(pattern, path)) << pattern << " " << path;
  }
  for (const auto& [pattern, path] : Pairs{{"foo", "/a/foobar"},
                                           {"foo", "/"},
                                           {"/home", "/a/home"},
                                           {"/home", "home"},
                                           {"/home/*", "/home"},
                                           {"user/*.go", "/user/x/y.go"},
                                           {"a/**/c", "/x/a/b"},
                                           {"/a/**/b/**/c", "/a/c/b"},
                                           {"/a/**", "/b"},
                                           {"/x/**/x", "/x"},
                                           {"a**/c", "/a/b/c"}}) {
    EXPECT_FALSE(matches(pattern, path)) << pattern << " " << path;
  }
}

TEST(Filter, ChildMayMatch) {
  for (const auto& [pattern, path] : Pairs{{"foo", "/a"},
                                           {"/a/b/c", "/a"},
                                           {"/a/b/c", "/"},
                                           {"/a/b/c", "/a/b/c/d"},
                                           {"/a/*/c", "/a/x"},
                                           {"/a/**/c", "/a/x/y"}}) {
    EXPECT_TRUE(child_may_match(pattern, path)) << pattern << " " << path;
  }
  for (const auto& [pattern, path] :
       Pairs{{"/a/b/c", "/b"}, {"/a/b/c", "/a/c"}, {"/a/*/c", "/a/x/y"}, {"/a/**/c", "/b"}}) {
    EXPECT_FALSE(child_may_match(pattern, path)) << pattern << " " << path;
  }
}

TEST(Filter, NegationTakesBackInOrder) {
  const Filter some = filter({"/home/*", "!/home/anna", "/home/anna/tmp", "", "!*.keep"});
  const auto matched = [&](std::string_view path) { return some.match(path).matched; };
  EXPECT_TRUE(matched("/home/bob"));
  EXPECT_FALSE(matched("/home/anna"));
  EXPECT_FALSE(matched("/home/anna/doc"));
  EXPECT_TRUE(matched("/home/anna/tmp/x"));
  EXPECT_FALSE(matched("/home/anna/tmp/x.keep"));
  EXPECT_FALSE(matched("/srv"));
  EXPECT_TRUE(some.match("/home/anna").child_may_match);  // a later pattern is for below it
  EXPECT_FALSE(some.match("/home/x.keep").child_may_match);
  EXPECT_FALSE(filter({"!a", "b"}).match("/a").matched);
  EXPECT_TRUE(filter({"\\!a"}).match("/!a").matched);
  EXPECT_FALSE(filter({}).match("/a").matched);
}

TEST(Filter, IgnoresCaseWhenAsked) {
  const Filter some = filter({"*.JPG", "/\u00c4rger", "\u0416*"}, Filter::Case::Insensitive);
  for (const char* path : {"/a/B.jpg", "/a/b.JpG", "/\u00e4RGER", "/x/\u0436\u0416"}) {
    EXPECT_TRUE(some.match(path).matched) << path;
  }
  EXPECT_FALSE(filter({"*.JPG"}).match("/a.jpg").matched);
  EXPECT_EQ(lower_case("\u00c4\xff\u0130Z\u01c5"), "\u00e4\xffiz\u01c6");
}

TEST(Filter, RefusesWhatItWouldOtherwiseIgnore) {
  for (const char* pattern : {"[", "a/[b/c]", "!", ".", "..", "../x", "a/../..", "a/b\\/c", "./"}) {
    EXPECT_TRUE(failed_with(Filter::parse({pattern}, Filter::Case::Sensitive), Code::Invalid))
        << pattern;
  }
  std::string deep;
  for (int i = 0; i < 63; ++i) deep += "/a";
  EXPECT_TRUE(matches(deep, deep + "/b"));
  EXPECT_FALSE(matches(deep, deep.substr(2)));
  EXPECT_FALSE(Filter::parse({deep + "/a"}, Filter::Case::Sensitive).ok());
  const auto both = Filter::parse({"good", "[x", "y\\"}, Filter::Case::Sensitive);
  ASSERT_FALSE(both.ok());
  EXPECT_NE(both.error().message().find("\"[x\""), std::string::npos);
  EXPECT_NE(both.error().message().find("\"y\\\""), std::string::npos);
}

// The definition, tried out in every way: a run of the path's names, from the first on when
// anchored, that the pattern's names match one by one, '**' standing for any number.
bool run_matches(const std::vector<std::string>& pattern, std::size_t p,
                 const std::vector<std::string>& path, std::size_t n) {
  if (p == pattern.size()) return true;
  if (pattern[p] == "**") {
    for (std::size_t skip = n; skip <= path.size(); ++skip) {
      if (run_matches(pattern, p + 1, path, skip)) return true;
    }
    return false;
  }
  return n < path.size() && (pattern[p] == "*" || pattern[p] == path[n]) &&
         run_matches(pattern, p + 1, path, n + 1);
}

TEST(Filter, IsWhatItsDefinitionSays) {
  Random random(11);
  const auto names = [&](std::initializer_list<const char*> from, std::uint64_t most) {
    std::vector<std::string> made(1 + random.below(most));
    for (auto& name : made) name = from.begin()[random.below(from.size())];
    return made;
  };
  const auto join = [](const std::vector<std::string>& made) {
    std::string text;
    for (const auto& name : made) text += "/" + name;
    return text;
  };
  for (int i = 0; i < 100000; ++i) {
    const auto pattern = names({"a", "b", "*", "**"}, 6), path = names({"a", "b", "c"}, 8);
    const bool is_anchored = random.below(2) == 0;
    bool expected = run_matches(pattern, 0, path, 0);
    for (std::size_t n = 1; !is_anchored && n < path.size(); ++n) {
      expected |= run_matches(pattern, 0, path, n);
    }
    const std::string text = is_anchored ? join(pattern) : join(pattern).substr(1);
    const Filter one = filter({text});
    const Filter::Verdict verdict = one.match(join(path));
    ASSERT_EQ(verdict.matched, expected) << text << " " << join(path);
    // Nobody is told not to look where something matches.
    auto folder = path;
    while (expected && !folder.empty()) {
      ASSERT_TRUE(one.match(join(folder)).child_may_match) << text << " " << join(folder);
      folder.pop_back();
    }
  }
}

TEST(Filter, HostilePatternsStayCheap) {
  std::string pattern, path;
  for (int i = 0; i < 30; ++i) pattern += "**/a/";
  pattern += "b";
  for (int i = 0; i < 2000; ++i) path += "/a";
  EXPECT_FALSE(matches(pattern, path));
  EXPECT_FALSE(matches("/" + pattern, path));
}

}  // namespace
}  // namespace firebreak
