#include "tree_plan.h"

#include <gtest/gtest.h>
#include <set>
#include <zstd.h>

namespace firebreak {
namespace {

constexpr std::uint64_t kBytes = 64 << 20;

Bytes whole(const Content& content) {
  Bytes bytes;
  const auto result = produce(content, [&](ByteView piece) -> Result<void> {
    append(bytes, piece);
    return {};
  });
  EXPECT_TRUE(result.ok());
  return bytes;
}

double ratio(const Bytes& bytes) {
  std::vector<char> packed(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3);
  return static_cast<double>(bytes.size()) / static_cast<double>(size);
}

TEST(TreePlan, HoldsItsBytesAndTwelvePercentDuplicates) {
  std::set<std::string> paths;
  double total = 0;
  double duplicates = 0;
  for (const PlannedFile& file : plan_tree(kBytes, 5)) {
    EXPECT_TRUE(paths.insert(file.path).second) << file.path;
    const auto size = static_cast<double>(file.content.size_bytes());
    total += size;
    if (file.part == Part::Copy || file.part == Part::Shifted) duplicates += size;
  }
  EXPECT_NEAR(total, kBytes, kBytes * 0.001);
  EXPECT_NEAR(duplicates / total, 0.12, 0.001);
}

TEST(TreePlan, ChangesAboutItsPercentage) {
  const std::vector<PlannedFile> tree = plan_tree(kBytes, 5);
  std::set<std::string> paths;
  for (const PlannedFile& file : tree) paths.insert(file.path);
  double changed = 0;
  for (const PlannedChange& change : plan_changes(tree, 10, 5)) {
    EXPECT_TRUE(change.from.empty() || paths.contains(change.from)) << change.from;
    if (!change.to || change.to->part == Part::Large) continue;
    changed += static_cast<double>(change.to->content.base_size_bytes);
  }
  EXPECT_NEAR(changed / kBytes, 0.10, 0.02);
}

TEST(Content, TextCompressesLikeTextAndPhotosDoNot) {
  for (const Kind kind : {Kind::Prose, Kind::Json, Kind::Source}) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const double text = ratio(whole({kind, seed, 400'000, {}}));
      EXPECT_GT(text, 2.2) << static_cast<int>(kind) << ' ' << seed;
      EXPECT_LT(text, 5) << static_cast<int>(kind) << ' ' << seed;
    }
  }
  EXPECT_LT(ratio(whole({Kind::Photo, 1, 1 << 20, {}})), 1.01);
}

TEST(Content, AnInsertionMovesTheRest) {
  for (const Kind kind : {Kind::Photo, Kind::Mixed, Kind::Json}) {
    const Content base{kind, 3, 700'000, {}};
    Content shifted = base;
    shifted.insertions = {{0, 3}, {300'000, 1000}, {UINT64_MAX - 1, 5}};
    const Bytes before = whole(base);
    const Bytes after = whole(shifted);
    ASSERT_EQ(after.size(), shifted.size_bytes());
    EXPECT_TRUE(std::equal(before.begin(), before.begin() + 300'000, after.begin() + 3));
    EXPECT_TRUE(std::equal(before.begin() + 300'000, before.end(), after.begin() + 301'003));
  }
}

}  // namespace
}  // namespace firebreak
