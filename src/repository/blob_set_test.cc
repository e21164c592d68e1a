#include "repository/blob_set.h"

#include "crypto/sha256.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

TEST(BlobSetTest, HoldsWhatWasInsertedAndNothingElse) {
  TestRepository made;
  Random random(1);
  Blobs saved;
  for (int round = 0; round < 3; ++round) saved.merge(made.save(random, 300));
  const auto repository = made.open();
  BlobSet set(repository->index().tables());
  const Blobs inserted = some_of(saved, random, 2);
  for (const auto& [key, blob] : inserted) {
    EXPECT_TRUE(set.insert(key.type, key.id));
    EXPECT_FALSE(set.insert(key.type, key.id));
  }
  for (const auto& [key, blob] : saved) {
    EXPECT_EQ(set.contains(key.type, key.id), inserted.contains(key));
  }
  EXPECT_EQ(set.size(), inserted.size());
  EXPECT_TRUE(set.missing().empty());
}

TEST(BlobSetTest, KeepsBlobsThatAreInNoIndex) {
  TestRepository made;
  const auto repository = made.open();
  BlobSet set(repository->index().tables());
  const BlobId id = id_of<BlobId>(as_bytes("nowhere"));
  EXPECT_FALSE(set.contains(BlobType::Tree, id));
  EXPECT_TRUE(set.insert(BlobType::Tree, id));
  EXPECT_FALSE(set.insert(BlobType::Tree, id));
  EXPECT_TRUE(set.contains(BlobType::Tree, id));
  EXPECT_FALSE(set.contains(BlobType::Data, id));
  EXPECT_EQ(set.size(), 1U);
  EXPECT_EQ(set.missing(), std::vector<BlobKey>({{BlobType::Tree, id}}));
}

TEST(BlobSetTest, OutlivesAGrowingIndex) {
  TestRepository made;
  Random random(2);
  const Blobs saved = made.save(random, 100);
  const auto repository = made.open();
  const BlobSet set = set_of(*repository, saved);
  for (int i = 0; i < 20; ++i) {
    BlobSaver saver(*repository, {}, {});
    ASSERT_TRUE(saver.save(BlobType::Data, as_bytes(std::to_string(i))).ok());
    ASSERT_TRUE(saver.finish().ok());
  }
  for (const auto& [key, blob] : saved) EXPECT_TRUE(set.contains(key.type, key.id));
}

}  // namespace
}  // namespace firebreak
