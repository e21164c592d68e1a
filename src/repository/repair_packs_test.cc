#include "repository/repair_packs.h"

#include <algorithm>

#include "backend/faulty.h"
#include "repository/copy.h"
#include "repository/pack_table.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

class RepairPacksTest : public testing::Test {
 protected:
  RepairPacksTest() : saved_(made_.save(random_, 120)) {
    // The other repository: the same blobs under other keys.
    const auto from = made_.open();
    const auto to = other_.open();
    Progress progress;
    CHECK(copy_blobs(*from, *to, set_of(*from, saved_), {}, progress, {}).ok());
  }

  // The largest first: chance may leave a single blob to the last ones.
  std::vector<PackId> packs() {
    std::vector<std::pair<std::size_t, PackId>> by_size;
    for (const auto& [file, bytes] : made_.backend.files()) {
      if (file.type != FileType::Pack) continue;
      by_size.emplace_back(bytes.size(), *PackId::parse(file.name));
    }
    std::sort(by_size.rbegin(), by_size.rend());
    std::vector<PackId> ids;
    for (const auto& [size, id] : by_size) ids.push_back(id);
    return ids;
  }
  void flip(const PackId& pack, std::size_t at) {
    made_.damage({FileType::Pack, pack.hex()}, [at](Bytes& bytes) { bytes[at] ^= std::byte{1}; });
  }
  Result<RepairPacksSummary> repair(Backend& through, const std::vector<PackId>& damaged,
                                    bool with_other, bool give_up = false) {
    const auto repository = TRY(made_.try_open(through));
    RepositoryLock::Options options{LockKind::Exclusive, {"me", "here"}, 2, Nanoseconds(0), false};
    const auto held =
        TRY(RepositoryLock::acquire(through, repository->sealer(), options, clock_, {}));
    const auto source = other_.open();
    Progress progress;
    findings_.clear();
    const auto note = [&](const Finding& found) { findings_.push_back(found); };
    return repair_packs(*repository, damaged, with_other ? source.get() : nullptr, {give_up}, *held,
                        note, progress, {});
  }
  // What is wrong now, every byte read.
  std::size_t damage() {
    const auto repository = made_.open();
    Progress progress;
    std::size_t wrong = 0;
    const auto count = [&](const Finding& found) { wrong += is_hint(found.kind) ? 0 : 1; };
    CHECK(check(*repository, set_of(*repository, saved_), {ReadAllPacks{}, 0}, count, progress, {})
              .ok());
    return wrong;
  }

  Random random_{11};
  TestRepository made_;
  TestRepository other_;
  Blobs saved_;
  std::vector<Finding> findings_;
  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
};

TEST_F(RepairPacksTest, FetchesFromAnotherRepositoryWhatIsDamaged) {
  const std::vector<PackId> damaged = packs();
  ASSERT_GE(damaged.size(), 3U);
  flip(damaged[0], 40);
  made_.lose({FileType::Pack, damaged[1].hex()});
  ASSERT_GT(damage(), 0U);
  const Result<RepairPacksSummary> done = repair(made_.backend, {damaged[0], damaged[1]}, true);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_EQ(done->packs_replaced, 2U);
  EXPECT_EQ(done->blobs_lost, 0U);
  EXPECT_GT(done->blobs_salvaged, 0U);
  EXPECT_GT(done->blobs_recovered, 1U);
  made_.expect(saved_);
  EXPECT_EQ(damage(), 0U);
}

TEST_F(RepairPacksTest, KeepsAPackWhoseBlobsAreLostUnlessToldOtherwise) {
  const PackId damaged = packs()[0];
  flip(damaged, 40);
  const std::size_t before = made_.count(FileType::Pack);
  const Result<RepairPacksSummary> kept = repair(made_.backend, {damaged}, false);
  ASSERT_TRUE(kept.ok()) << kept.error().message();
  EXPECT_EQ(kept->packs_kept, 1U);
  EXPECT_EQ(kept->blobs_lost, 1U);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_GE(made_.count(FileType::Pack), before);
  const Result<RepairPacksSummary> gone = repair(made_.backend, {damaged}, false, true);
  ASSERT_TRUE(gone.ok()) << gone.error().message();
  EXPECT_EQ(gone->packs_replaced, 1U);
  // All but the lost blob are there.
  saved_.erase(*findings_.at(0).blob);
  made_.expect(saved_);
  EXPECT_EQ(damage(), 0U);
}

// The last bytes are the header's: without them only the index says where the blobs lie.
TEST_F(RepairPacksTest, SalvagesAPackThatIsCutShort) {
  const PackId damaged = packs()[0];
  made_.damage({FileType::Pack, damaged.hex()},
               [](Bytes& bytes) { bytes.resize(bytes.size() - 9); });
  const Result<RepairPacksSummary> done = repair(made_.backend, {damaged}, false);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_EQ(done->packs_replaced, 1U);
  EXPECT_GT(done->blobs_salvaged, 1U);
  made_.expect(saved_);
  EXPECT_EQ(damage(), 0U);
}

TEST_F(RepairPacksTest, TakesABlobFromAnotherDamagedPack) {
  // The same blobs in packs of two index files: what a writer stores that did not see the first.
  const auto files = made_.backend.files();
  auto without_index = files;
  std::erase_if(without_index, [](const auto& file) { return file.first.type == FileType::Index; });
  made_.backend.set_files(without_index);
  {
    const auto repository = made_.open();
    BlobSaver saver(*repository, {}, {});
    for (const auto& [key, blob] : saved_) ASSERT_TRUE(saver.save(key.type, blob).ok());
    ASSERT_TRUE(saver.finish().ok());
  }
  std::vector<PackId> damaged;
  for (const auto& [file, bytes] : made_.backend.files()) {
    if (file.type == FileType::Pack) damaged.push_back(*PackId::parse(file.name));
  }
  auto both = made_.backend.files();
  both.insert(files.begin(), files.end());
  made_.backend.set_files(both);
  for (const PackId& pack : damaged) {
    // Of some the first blob, of the others the header's last byte.
    const bool is_old = files.contains({FileType::Pack, pack.hex()});
    made_.damage({FileType::Pack, pack.hex()},
                 [is_old](Bytes& bytes) { bytes[is_old ? 20 : bytes.size() - 1] ^= std::byte{1}; });
  }
  const Result<RepairPacksSummary> done = repair(made_.backend, damaged, false);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_EQ(done->blobs_lost, 0U);
  EXPECT_EQ(done->packs_kept, 0U);
  made_.expect(saved_);
  EXPECT_EQ(damage(), 0U);
}

// By an index that leaves blobs of a pack out, they would go with it.
TEST_F(RepairPacksTest, RefusesAPackOfWhichTheIndexKnowsAPart) {
  const PackId pack = packs()[0];
  auto files = made_.backend.files();
  const auto repository = made_.open();
  std::vector<IndexedPack> indexed;
  const PackTable table(repository->index().tables());
  for (std::size_t i = 0; i < table.size(); ++i) {
    indexed.push_back({table.id(i), table.entries(i)});
    if (table.id(i) == pack) indexed.back().entries.pop_back();
  }
  std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Index; });
  made_.backend.set_files(files);
  ASSERT_TRUE(repository->save_document(FileType::Index, encode_index(indexed), {}).ok());
  const Result<RepairPacksSummary> refused = repair(made_.backend, {pack}, true);
  ASSERT_TRUE(failed_with(refused, Code::Corrupt));
  EXPECT_NE(refused.error().message().find("repair index --read-all-packs"), std::string::npos);
  EXPECT_TRUE(made_.backend.files().contains({FileType::Pack, pack.hex()}));
}

TEST_F(RepairPacksTest, RefusesPacksOfNoIndex) {
  EXPECT_TRUE(failed_with(repair(made_.backend, {PackId{}}, true), Code::NotFound));
}

TEST_F(RepairPacksTest, KilledAnywhereLosesNothingAndFinishesLater) {
  const PackId damaged = packs()[0];
  flip(damaged, 40);
  const auto before = made_.backend.files();
  for (std::uint64_t call = 1;; ++call) {
    made_.backend.set_files(before);
    FaultyBackend faulty(made_.backend, clock_);
    faulty.set_plan({{.first = call, .count = kForEver}});
    (void)repair(faulty, {damaged}, true);
    const bool struck = faulty.faults() > 0;
    auto files = made_.backend.files();
    std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Lock; });
    made_.backend.set_files(files);
    const auto repository = made_.open();
    if (PackTable(repository->index().tables()).find(damaged)) {
      const Result<RepairPacksSummary> done = repair(made_.backend, {damaged}, true);
      ASSERT_TRUE(done.ok()) << done.error().message();
    }
    made_.expect(saved_);
    ASSERT_FALSE(HasFailure()) << "killed at call " << call;
    if (!struck) break;
  }
}

}  // namespace
}  // namespace firebreak
