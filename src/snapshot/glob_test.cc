#include "snapshot/glob.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace firebreak {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  return Glob::parse(pattern).value().matches(name);
}

TEST(Glob, ReadsGosPatterns) {
  for (const auto& [pattern, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"abc", "abc"},
           {"", ""},
           {"*", ""},
           {"*", "abc"},
           {"*c", "abc"},
           {"a*", "abc"},
           {"a*c*e", "abcde"},
           {"*.tar.*", ".tar."},
           {"a?c", "abc"},
           {"a?c", "a\u00e9c"},
           {"a?c",
            "a\xff"
            "c"},
           {"[a-c]x", "bx"},
           {"[^a-c]x", "dx"},
           {"[^a]", "\xff"},
           {"[\\]x]", "]"},
           {"[\\--a]", "."},
           {"[\u00e0-\u00ef]", "\u00e9"},
           {"[!a]", "!"},  // '!' negates nothing
           {"\\*", "*"},
           {"a\\bc", "abc"},
           {"]", "]"},
           {"a]b*", "a]bc"},
           {"**", "abc"},
           {"*a*b*c*", "xxaxxbxxcxx"}}) {
    EXPECT_TRUE(matches(pattern, name)) << pattern << " " << name;
  }
  for (const auto& [pattern, name] :
       std::initializer_list<std::pair<const char*, const char*>>{{"abc", "ab"},
                                                                  {"abc", "abcd"},
                                                                  {"abc", "ABC"},
                                                                  {"a*c", "abcd"},
                                                                  {"*b", "abc"},
                                                                  {"a?c", "ac"},
                                                                  {"?", "ab"},
                                                                  {"[a-c]", "d"},
                                                                  {"[^a-c]", "b"},
                                                                  {"[a]", ""},
                                                                  {"[c-a]*", "b"},
                                                                  {"\\*", "a"},
                                                                  {"*a*b*c*", "xxaxxcxxbxx"}}) {
    EXPECT_FALSE(matches(pattern, name)) << pattern << " " << name;
  }
}

TEST(Glob, RefusesWhatGoRefuses) {
  for (const char* pattern : {"[", "[]", "[^]", "[]a]", "[a", "[a-", "[a-]", "[-a]", "a\\", "[\\",
                              "[\\]", "[\xff]", "[a-\xff]", "*[", "x[a-b-c]"}) {
    EXPECT_TRUE(failed_with(Glob::parse(pattern), Code::Invalid)) << pattern;
  }
}

// Tries every split, as the definition says.
bool by_definition(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    for (std::size_t i = 0; i <= name.size(); ++i) {
      if (by_definition(pattern.substr(1), name.substr(i))) return true;
    }
    return false;
  }
  if (name.empty()) return false;
  return (pattern[0] == '?' || pattern[0] == name[0]) &&
         by_definition(pattern.substr(1), name.substr(1));
}

TEST(Glob, IsWhatItsDefinitionSays) {
  Random random(5);
  const auto text = [&](std::string_view alphabet) {
    std::string made;
    for (std::uint64_t i = random.below(9); i > 0; --i) {
      made += alphabet[random.below(alphabet.size())];
    }
    return made;
  };
  for (int i = 0; i < 100000; ++i) {
    const std::string pattern = text("ab*?"), name = text("ab");
    ASSERT_EQ(matches(pattern, name), by_definition(pattern, name)) << pattern << " " << name;
  }
}

TEST(Glob, HostilePatternsStayCheap) {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "a*";
  pattern += 'b';
  const std::string name(4000, 'a');
  EXPECT_FALSE(matches(pattern, name));  // would not end before the universe, tried one by one
}

}  // namespace
}  // namespace firebreak
