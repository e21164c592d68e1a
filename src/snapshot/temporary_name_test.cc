#include "snapshot/temporary_name.h"

#include <gtest/gtest.h>
#include <set>

namespace firebreak {
namespace {

TakenNames taken_by(const std::vector<std::string>& names) {
  Tree tree;
  for (const std::string& name : names) {
    Node node;
    node.name = name;
    tree.nodes.push_back(node);
  }
  return taken_names(tree);
}

TEST(TemporaryName, FollowsFromTheName) {
  // `printf notes | sha256sum`
  EXPECT_EQ(temporary_name("notes", 0), ".firebreak-ab5aa97074c454a0.part");
  std::set<std::string> all;
  const std::string longest(255, 'x');
  for (const std::string& name : {std::string("notes"), std::string("notes/1"), std::string("\xff"),
                                  longest, temporary_name("notes", 0)}) {
    for (unsigned choice = 0; choice < kTemporaryNames; ++choice) {
      const std::string made = temporary_name(name, choice);
      EXPECT_TRUE(is_temporary_name(made)) << made;
      EXPECT_TRUE(looks_made_up(made)) << made;
      EXPECT_EQ(made.size(), 32U);
      all.insert(made);
    }
  }
  // No name has a slash: "notes/1" is the second choice for "notes".
  EXPECT_EQ(all.size(), 5 * kTemporaryNames - 1);
}

TEST(TemporaryName, IsNothingElse) {
  for (const char* const name :
       {"", ".firebreak-.part", ".firebreak-0123456789abcde.part",
        ".firebreak-0123456789ABCDEF.part", ".firebreak-0123456789abcdef.party",
        "x.firebreak-0123456789abcdef.part", ".firebreak-0123456789abcdeg.part"}) {
    EXPECT_FALSE(is_temporary_name(name)) << name;
  }
}

TEST(TemporaryName, DamagedNamesFitAndDiffer) {
  EXPECT_EQ(damaged_name("notes", nullptr), "notes.firebreak-damaged");
  const std::string fits(237, 'x');
  EXPECT_EQ(damaged_name(fits, nullptr), fits + ".firebreak-damaged");
  std::set<std::string> all;
  for (const char last : {'a', 'b', 'c'}) {
    const std::string name = damaged_name(std::string(254, 'x') + last, nullptr);
    EXPECT_EQ(name.size(), 255U);
    EXPECT_TRUE(name.starts_with("xxx"));
    EXPECT_TRUE(name.ends_with(".firebreak-damaged"));
    all.insert(name);
  }
  EXPECT_EQ(all.size(), 3U);
}

TEST(TemporaryName, WhatTheSnapshotHasIsTaken) {
  EXPECT_EQ(taken_by({"a", "firebreak-damaged", ".firebreak"}), nullptr);
  const TakenNames taken = taken_by(
      {"a", "notes.firebreak-damaged", "notes.firebreak-damaged-1", temporary_name("a", 0)});
  EXPECT_TRUE(is_taken(taken, temporary_name("a", 0)));
  EXPECT_FALSE(is_taken(taken, temporary_name("a", 1)));
  EXPECT_FALSE(is_taken(taken, "a"));
  EXPECT_FALSE(is_taken(nullptr, "a"));
  EXPECT_EQ(damaged_name("notes", taken), "notes.firebreak-damaged-2");
}

}  // namespace
}  // namespace firebreak
