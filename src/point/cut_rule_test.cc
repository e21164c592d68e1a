#include "point/cut_rule.h"

#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace firebreak {
namespace {

// Irreducible, of degree 53, as repositories have.
const Polynomial kKey{0x3DA3358B4DC173};

TEST(CutRule, CutsAsOftenAsTheFormatSays) {
  const CutRule rule(kKey);
  std::map<Cut, unsigned> found;
  constexpr unsigned kRecords = 2'000'000;
  for (unsigned i = 0; i < kRecords; ++i) ++found[rule.after("document" + std::to_string(i), 1024)];
  const auto at_least = [&](Cut cut) {
    unsigned sum = 0;
    for (const auto& [one, count] : found) sum += one >= cut ? count : 0;
    return sum;
  };
  // One in 64, of those one in 16, of those one in 32; the key is fixed, and so is the outcome.
  EXPECT_NEAR(at_least(Cut::Leaf), kRecords / 64.0, 600);
  EXPECT_NEAR(at_least(Cut::File), kRecords / 1024.0, 150);
  EXPECT_NEAR(at_least(Cut::Bottom), kRecords / 32768.0, 30);
}

TEST(CutRule, EndsALeafWithALargeRecord) {
  const CutRule rule(kKey);
  for (unsigned i = 0; i < 1000; ++i) {
    EXPECT_GE(rule.after(std::to_string(i), kLeafBytesMean), Cut::Leaf);
    EXPECT_EQ(rule.after(std::to_string(i), 0), Cut::None);
  }
}

// By Python's hashlib from the words of docs/formats/key-tree.md.
TEST(CutRule, IsTheFormats) {
  const CutRule rule(Polynomial{0x3DA3358B4DC173});
  std::vector<unsigned> cuts;
  for (unsigned i = 0; i < 400; ++i) {
    if (rule.after(fmt::format("document{}", i), 1024) != Cut::None) cuts.push_back(i);
  }
  EXPECT_EQ(cuts, (std::vector<unsigned>{5, 15, 252, 254, 303}));
  EXPECT_EQ(rule.after("document5", 1024), Cut::Leaf);
  EXPECT_EQ(rule.after("document252", 1024), Cut::File);
  EXPECT_EQ(rule.after("document7407", 1024), Cut::Bottom);
  EXPECT_EQ(static_cast<unsigned>(rule.after("document708018", 1024)),
            static_cast<unsigned>(Cut::Bottom) + 1);
}

TEST(CutRule, IsKeyed) {
  const CutRule one(kKey);
  const CutRule same(kKey);
  const CutRule other(Polynomial{kKey.bits ^ 2});
  unsigned differ = 0;
  for (unsigned i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    EXPECT_EQ(one.after(key, 30'000), same.after(key, 30'000));
    differ += one.after(key, 30'000) == other.after(key, 30'000) ? 0 : 1;
  }
  EXPECT_GT(differ, 300U);
}

}  // namespace
}  // namespace firebreak
