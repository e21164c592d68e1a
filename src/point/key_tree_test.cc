#include "point/key_tree.h"

#include <gtest/gtest.h>
#include <map>
#include <random>

#include "firestore/wire.h"
#include "point/key_tree_builder.h"
#include "point/leaf_writer.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

using Records = std::map<std::string, std::string>;

struct Built {
  BlobId top;
  BlobSaver::Totals totals;
};

Built build(Repository& repository, const Records& records) {
  BlobSaver saver(repository, {}, {});
  KeyTreeBuilder builder(saver);
  LeafWriter leaves(CutRule(repository.config().chunker_polynomial), saver,
                    [&](Leaf leaf) { return builder.add(std::move(leaf)); });
  for (const auto& [key, record] : records) {
    const Result<void> added = leaves.add(key, as_bytes(record));
    EXPECT_TRUE(added.ok());
  }
  EXPECT_TRUE(leaves.finish().ok());
  const Result<BlobId> top = builder.finish();
  EXPECT_TRUE(top.ok() && saver.finish().ok());
  return {*top, saver.totals()};
}

std::vector<std::string> read_all(const Repository& repository, const BlobId& top) {
  const KeyTree tree(repository, top);
  std::vector<std::string> records;
  Result<KeyTree::Walk> walk = tree.seek("", {});
  EXPECT_TRUE(walk.ok()) << walk.error().message();
  while (const KeyTree::LeafPlace* leaf = walk->leaf()) {
    const Result<Bytes> bytes = tree.load_leaf(leaf->id, {}, {});
    EXPECT_TRUE(bytes.ok());
    std::size_t at = 0;
    for (;;) {
      const auto span = next_record(*bytes, at);
      EXPECT_TRUE(span.ok());
      if (!span.ok() || !*span) break;
      records.push_back(to_text(ByteView(*bytes).subspan((*span)->begin, (*span)->size)));
      at = (*span)->begin + (*span)->size;
    }
    const Result<void> next = walk->next({});
    EXPECT_TRUE(next.ok()) << next.error().message();
  }
  return records;
}

// "key=" and some bytes.
Records random_records(Random& random, unsigned count, std::size_t size) {
  Records records;
  while (records.size() < count) {
    Bytes key(1 + random.below(12));
    random.fill(key);
    records[to_text(key)] = to_text(key) + "=" + std::string(random.below(2 * size), 'r');
  }
  return records;
}

std::vector<std::string> values_of(const Records& records) {
  std::vector<std::string> values;
  for (const auto& [key, record] : records) values.push_back(record);
  return values;
}

TEST(KeyTree, GivesBackWhatWentIn) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  TestRepository place;
  for (const unsigned count : {0u, 1u, 2u, 200u, 20'000u}) {
    const auto repository = place.open();
    const Records records = random_records(random, count, 2000);
    const Built built = build(*repository, records);
    EXPECT_EQ(read_all(*repository, built.top), values_of(records));
  }
}

TEST(KeyTree, FindsTheLeafOfAKey) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  TestRepository place;
  const auto repository = place.open();
  const Records records = random_records(random, 5000, 4000);
  const KeyTree tree(*repository, build(*repository, records).top);
  for (const auto& [key, record] : records) {
    if (random.below(20) != 0) continue;
    const Result<KeyTree::Walk> walk = tree.seek(key, {});
    ASSERT_TRUE(walk.ok() && walk->leaf() != nullptr);
    const Result<Bytes> leaf = tree.load_leaf(walk->leaf()->id, {}, {});
    ASSERT_TRUE(leaf.ok());
    EXPECT_NE(as_text(*leaf).find(record), std::string_view::npos);
  }
}

TEST(KeyTree, ChangesLittleWhenLittleChanges) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  TestRepository place;
  Records records = random_records(random, 20'000, 1000);
  build(*place.open(), records);
  for (int round = 0; round < 10; ++round) {
    auto some = records.begin();
    std::advance(some, static_cast<std::ptrdiff_t>(random.below(records.size())));
    switch (random.below(3)) {
      case 0:
        some->second += "changed";
        break;
      case 1:
        records.erase(some);
        break;
      default:
        records[some->first + "x"] = "new";
        break;
    }
    const auto repository = place.open();
    const Built built = build(*repository, records);
    EXPECT_LE(built.totals.data_blobs, 4U);  // a leaf or two, and the keys of a folder or two
    EXPECT_LE(built.totals.tree_blobs, 4U);
    EXPECT_EQ(read_all(*repository, built.top), values_of(records));
  }
}

TEST(KeyTree, NumbersChildrenWhoseNamesWouldBeTooLong) {
  TestRepository place;
  const auto repository = place.open();
  Records records;
  // Keys that differ only at their ends, so that separators are as long as they are.
  for (unsigned i = 0; i < 3000; ++i) {
    records[std::string(3000, 'k') + fmt::format("{:06}", i)] = std::string(20'000, 'v');
  }
  const Built built = build(*repository, records);
  EXPECT_EQ(read_all(*repository, built.top), values_of(records));
}

}  // namespace
}  // namespace firebreak
