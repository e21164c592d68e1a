#include "repository/copy.h"

#include "repository/test_repository.h"

namespace firebreak {
namespace {

TEST(CopyTest, CopiesWhatIsWantedAndAbsent) {
  for (const unsigned from : {1U, 2U}) {
    for (const unsigned to : {1U, 2U}) {
      Random random(from * 10 + to);
      TestRepository source(from);
      TestRepository destination(to);
      const Blobs saved = source.save(random, 200);
      const Blobs first = some_of(saved, random, 2);
      const auto opened = source.open();
      Progress progress;
      const auto copy = [&](const Blobs& blobs) {
        const auto into = destination.open();
        return copy_blobs(*opened, *into, set_of(*opened, blobs), {}, progress, {});
      };
      ASSERT_TRUE(copy(first).ok());
      destination.expect(first);
      EXPECT_EQ(destination.open()->index().contains(BlobType::Data, BlobId{}), false);
      const auto rest = copy(saved);
      ASSERT_TRUE(rest.ok());
      EXPECT_EQ(rest->data_blobs + rest->tree_blobs, saved.size() - first.size());
      destination.expect(saved);
      EXPECT_EQ(copy(saved)->added_bytes, 0U);
    }
  }
}

TEST(CopyTest, TakesAnotherCopyWhereOneIsDamagedAndFailsWhereNoneIsLeft) {
  Random random(5);
  TestRepository source;
  TestRepository destination;
  const Blobs saved = source.save(random, 50);
  const auto first = source.backend.files();
  auto files = first;
  std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Index; });
  source.backend.set_files(files);
  {
    const auto again = source.open();
    BlobSaver saver(*again, {}, {});
    for (const auto& [key, blob] : saved) ASSERT_TRUE(saver.save(key.type, blob).ok());
    ASSERT_TRUE(saver.finish().ok());
  }
  files = source.backend.files();
  files.insert(first.begin(), first.end());
  source.backend.set_files(files);

  const auto opened = source.open();
  const BlobKey key = saved.begin()->first;
  const auto places = opened->index().find(key.type, key.id);
  ASSERT_EQ(places.size(), 2U);
  const auto break_at = [&](const BlobPlace& place) {
    source.damage({FileType::Pack, place.pack.hex()},
                  [&](Bytes& bytes) { bytes[place.entry.offset + 20] ^= std::byte{1}; });
  };
  const auto copy = [&] {
    const auto into = destination.open();
    Progress progress;
    return copy_blobs(*opened, *into, set_of(*opened, saved), {}, progress, {});
  };
  const auto clean = destination.backend.files();
  for (const BlobPlace& place : places) {
    destination.backend.set_files(clean);
    break_at(place);
    ASSERT_TRUE(copy().ok());
    destination.expect(saved);
    break_at(place);
  }
  destination.backend.set_files(clean);
  break_at(places[0]);
  break_at(places[1]);
  EXPECT_TRUE(failed_with(copy(), Code::Corrupt));
}

TEST(CopyTest, RefusesBlobsThatTheSourceDoesNotHave) {
  Random random(6);
  TestRepository source;
  TestRepository destination;
  Blobs saved = source.save(random, 10);
  saved[{BlobType::Data, BlobId{}}] = {};
  const auto opened = source.open();
  const auto into = destination.open();
  Progress progress;
  EXPECT_TRUE(failed_with(copy_blobs(*opened, *into, set_of(*opened, saved), {}, progress, {}),
                          Code::Corrupt));
  EXPECT_EQ(destination.count(FileType::Pack), 0U);
}

}  // namespace
}  // namespace firebreak
