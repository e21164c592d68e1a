#include "point/tree_piece.h"

#include <gtest/gtest.h>
#include <map>
#include <random>

#include "repository/test_repository.h"

namespace firebreak {
namespace {

using Records = std::map<std::string, std::string>;

BlobId top_of(BlobSaver& saver, const CutRule& rule, const Records& records) {
  KeyTreeBuilder builder(saver);
  LeafWriter leaves(rule, saver, [&](Leaf leaf) { return builder.add(std::move(leaf)); });
  for (const auto& [key, record] : records) {
    const Result<void> added = leaves.add(key, as_bytes(record));
    EXPECT_TRUE(added.ok());
  }
  EXPECT_TRUE(leaves.finish().ok());
  const Result<BlobId> top = builder.finish();
  EXPECT_TRUE(top.ok());
  return *top;
}

// In some order of its own: pieces of pieces are pieces.
TreePiece joined(std::vector<TreePiece> pieces, Random& random) {
  while (pieces.size() > 1) {
    const auto at = static_cast<std::ptrdiff_t>(random.below(pieces.size() - 1));
    const Result<void> done = pieces[static_cast<std::size_t>(at)].append(
        std::move(pieces[static_cast<std::size_t>(at) + 1]));
    EXPECT_TRUE(done.ok());
    pieces.erase(pieces.begin() + at + 1);
  }
  return std::move(pieces.front());
}

TEST(TreePiece, MakesTheTreeOfASingleReader) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  TestRepository place;
  const auto repository = place.open();
  const CutRule rule(repository->config().chunker_polynomial);
  BlobSaver saver(*repository, {}, {});
  for (int round = 0; round < 30; ++round) {
    Records records;
    const std::uint64_t count = random.below(round < 20 ? 100 : 5000);
    const std::uint64_t size = 1 + random.below(round % 3 == 0 ? 200'000 : 3000);
    for (std::uint64_t i = 0; i < (size > 10'000 ? count / 20 : count); ++i) {
      Bytes key(1 + random.below(12));
      random.fill(key);
      records[to_text(key)] = std::string(random.below(size), 'r');
    }
    const std::uint64_t pieces_wanted = 1 + random.below(9);
    std::vector<TreePiece> pieces;
    pieces.emplace_back(rule, saver);
    for (const auto& [key, record] : records) {
      if (random.below(records.size()) < pieces_wanted) pieces.emplace_back(rule, saver);
      const Result<void> added = pieces.back().add(key, as_bytes(record));
      ASSERT_TRUE(added.ok());
    }
    const Result<BlobId> top = joined(std::move(pieces), random).finish();
    ASSERT_TRUE(top.ok());
    EXPECT_EQ(*top, top_of(saver, rule, records));
  }
  EXPECT_TRUE(saver.finish().ok());
}

TEST(TreePiece, RefusesRecordsOutOfOrder) {
  TestRepository place;
  const auto repository = place.open();
  const CutRule rule(repository->config().chunker_polynomial);
  BlobSaver saver(*repository, {}, {});
  for (const std::size_t size :
       {std::size_t{10}, std::size_t{100'000}}) {  // before and behind a cut
    const std::string record(size, 'r');
    TreePiece piece(rule, saver);
    EXPECT_TRUE(piece.add("b", as_bytes(record)).ok());
    EXPECT_TRUE(failed_with(piece.add("b", as_bytes(record)), Code::Corrupt));
    EXPECT_TRUE(failed_with(piece.add("a", as_bytes(record)), Code::Corrupt));
    TreePiece before(rule, saver);
    EXPECT_TRUE(before.add("c", as_bytes(record)).ok());
    EXPECT_TRUE(failed_with(before.append(std::move(piece)), Code::Corrupt));
  }
}

}  // namespace
}  // namespace firebreak
