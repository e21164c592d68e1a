#include "repository/prune.h"

#include <functional>

#include "backend/faulty.h"
#include "crypto/sha256.h"
#include "repository/check.h"
#include "repository/index_file.h"
#include "repository/index_rewrite.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

const PruneOptions kTight{.max_unused = UnusedBytes{0}};

class PruneTest : public testing::Test {
 protected:
  std::unique_ptr<RepositoryLock> lock(Backend& through, const Repository& repository) {
    RepositoryLock::Options options{LockKind::Exclusive, {"me", "here"}, 2, Nanoseconds(0), false};
    auto held = RepositoryLock::acquire(through, repository.sealer(), options, clock_, {});
    return held.ok() ? std::move(*held) : nullptr;
  }

  // A whole prune by way of `through`.
  Result<PruneStats> prune(TestRepository& made, const Blobs& used, Backend& through,
                           const PruneOptions& options = kTight) {
    const auto repository = TRY(made.try_open(through));
    const auto held = lock(through, *repository);
    if (held == nullptr) return error(Code::Unavailable, "no lock");
    const auto find_used = [&](std::stop_token) -> Result<BlobSet> {
      return set_of(*repository, used);
    };
    const PrunePlan plan = TRY(plan_prune(*repository, find_used, options, {}));
    Progress progress;
    TRY(execute_prune(*repository, plan, *held, progress, {}));
    return plan.stats;
  }

  PruneStats prune(TestRepository& made, const Blobs& used, const PruneOptions& options = kTight) {
    const Result<PruneStats> stats = prune(made, used, made.backend, options);
    EXPECT_TRUE(stats.ok()) << (stats.ok() ? "" : stats.error().message());
    return stats.ok() ? *stats : PruneStats{};
  }

  // Every used blob is what it was, and check, hints included, finds nothing.
  void expect_clean(TestRepository& made, const Blobs& used) {
    made.expect(used);
    const auto repository = made.open();
    Progress progress;
    const auto summary =
        check(*repository, set_of(*repository, used), {ReadAllPacks{}, 0},
              [](const Finding& found) { ADD_FAILURE() << found.message; }, progress, {});
    EXPECT_TRUE(summary.ok());
  }

  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
};

TEST_F(PruneTest, LeavesExactlyWhatIsUsed) {
  for (const unsigned version : {1U, 2U}) {
    for (const std::uint64_t one_in : {2, 5, 1'000'000}) {
      Random random(version * 100 + one_in);
      TestRepository made(version);
      Blobs saved = made.save(random, 150);
      saved.merge(made.save(random, 50));
      const Blobs used = some_of(saved, random, one_in);
      prune(made, used);
      expect_clean(made, used);
      EXPECT_EQ(PackTable(made.open()->index().tables()).row_count(), used.size());
    }
  }
}

TEST_F(PruneTest, OfNothingUsedRemovesNothingUnasked) {
  Random random(3);
  TestRepository made;
  made.save(random, 100);
  const auto before = made.backend.files();
  const std::size_t packs = made.count(FileType::Pack);
  const Result<PruneStats> refused = prune(made, {}, made.backend);
  ASSERT_TRUE(failed_with(refused, Code::Invalid));
  EXPECT_NE(refused.error().message().find("--unsafe-allow-remove-all"), std::string::npos);
  EXPECT_EQ(made.backend.files(), before);
  // Nor packs that no index names: both may be lost.
  for (const auto& [file, bytes] : before) {
    if (file.type == FileType::Index) made.lose(file);
  }
  EXPECT_TRUE(failed_with(prune(made, {}, made.backend), Code::Invalid));
  EXPECT_EQ(made.count(FileType::Pack), packs);
}

TEST_F(PruneTest, OfNothingUsedRemovesEverythingWhenAsked) {
  Random random(3);
  TestRepository made;
  prune(made, {});  // An empty repository is nothing to ask about.
  made.save(random, 100);
  prune(made, {}, {.max_unused = UnusedBytes{0}, .may_remove_all = true});
  EXPECT_EQ(made.count(FileType::Pack), 0U);
  EXPECT_EQ(made.count(FileType::Index), 0U);
}

TEST_F(PruneTest, WithNothingToDoChangesNothing) {
  Random random(4);
  TestRepository made;
  const Blobs saved = made.save(random, 100);
  const auto before = made.backend.files();
  const PruneStats stats = prune(made, saved);
  EXPECT_EQ(made.backend.files(), before);
  EXPECT_EQ(stats.blobs_used.count, saved.size());
  EXPECT_EQ(stats.packs_kept.count, made.count(FileType::Pack));
}

TEST_F(PruneTest, LimitsHowMuchIsRepacked) {
  Random random(5);
  TestRepository made;
  const Blobs saved = made.save(random, 300);
  const Blobs used = some_of(saved, random, 3);
  const auto stats_of = [&](const PruneOptions& options) {
    const auto repository = made.open();
    return decide_prune({PackTable(repository->index().tables()),
                         repository->index().index_files(),
                         *list_packs(made.backend, {}),
                         {},
                         2},
                        set_of(*repository, used), options)
        ->stats;
  };
  const PruneStats tight = stats_of(kTight);
  EXPECT_EQ(tight.unused_bytes_after, 0U);
  EXPECT_GT(tight.packs_repacked.count, 5U);
  const PruneStats loose = stats_of({.max_unused = UnusedUnlimited{}});
  EXPECT_EQ(loose.packs_repacked.count, 0U);
  EXPECT_GT(loose.unused_bytes_after, 0U);
  const PruneStats share = stats_of({.max_unused = UnusedShare{20}});
  EXPECT_GT(share.packs_repacked.count, 0U);
  EXPECT_LT(share.packs_repacked.count, tight.packs_repacked.count);
  EXPECT_LE(share.unused_bytes_after * 4, share.blobs_used.bytes);
  const PruneStats few = stats_of({.max_unused = UnusedBytes{0}, .max_repack_bytes = 50'000});
  EXPECT_LE(few.packs_repacked.bytes, 50'000U);
  EXPECT_GT(few.packs_repacked.count, 0U);
  const PruneStats trees = stats_of({.max_unused = UnusedBytes{0}, .repack_cacheable_only = true});
  EXPECT_LT(trees.packs_repacked.count, tight.packs_repacked.count);
  EXPECT_GT(trees.packs_repacked.count, 0U);
}

TEST_F(PruneTest, JoinsSmallPacksWhereAsked) {
  Random random(6);
  TestRepository made;
  Blobs saved;
  for (int i = 0; i < 6; ++i) saved.merge(made.save(random, 10));
  prune(made, saved, {.repack_smaller_than = 1'000'000});
  EXPECT_LE(made.count(FileType::Pack), 4U);
  expect_clean(made, saved);
}

TEST_F(PruneTest, RefusesWhereAUsedBlobIsMissing) {
  Random random(7);
  for (const bool index_too : {false, true}) {
    TestRepository made;
    const Blobs saved = made.save(random, 100);
    made.lose({FileType::Pack, made.pack_of(saved.begin()->first).hex()});
    if (index_too) {
      auto files = made.backend.files();
      std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Index; });
      made.backend.set_files(files);
    }
    const auto before = made.backend.files();
    EXPECT_TRUE(failed_with(prune(made, saved, made.backend), Code::Corrupt));
    EXPECT_EQ(made.backend.files(), before);
  }
}

TEST_F(PruneTest, ForgetsLostPacksThatNobodyNeeds) {
  Random random(8);
  TestRepository made;
  const Blobs saved = made.save(random, 100);
  const PackId lost = made.pack_of(saved.begin()->first);
  Blobs used;
  for (const auto& [key, blob] : saved) {
    if (made.pack_of(key) != lost) used[key] = blob;
  }
  made.lose({FileType::Pack, lost.hex()});
  EXPECT_EQ(prune(made, used).packs_forgotten, 1U);
  expect_clean(made, used);
}

TEST_F(PruneTest, RemovesPacksThatNoIndexNames) {
  Random random(9);
  TestRepository made;
  const Blobs saved = made.save(random, 50);
  const Bytes junk = to_bytes("left over by a killed backup");
  ASSERT_TRUE(made.backend.save({FileType::Pack, id_of<PackId>(junk).hex()}, junk, {}).ok());
  EXPECT_EQ(prune(made, saved).packs_unreferenced.count, 1U);
  expect_clean(made, saved);
}

// The same blobs in two sets of packs, as two backups at once or a killed prune leave them.
Blobs save_twice(TestRepository& made, Random& random) {
  const Blobs saved = made.save(random, 120);
  const auto first = made.backend.files();
  auto files = first;
  std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Index; });
  made.backend.set_files(files);
  const auto repository = made.open();
  BlobSaver::Options options;
  options.pack_size = 30'000;
  BlobSaver saver(*repository, options, {});
  for (const auto& [key, blob] : saved) CHECK(saver.save(key.type, blob).ok());
  CHECK(saver.finish().ok());
  files = made.backend.files();
  files.insert(first.begin(), first.end());
  made.backend.set_files(files);
  return saved;
}

TEST_F(PruneTest, KeepsOneOfTwoCopies) {
  Random random(10);
  TestRepository made;
  const Blobs saved = save_twice(made, random);
  const Blobs used = some_of(saved, random, 4);
  EXPECT_GE(prune(made, used).blobs_duplicate.count, used.size());
  expect_clean(made, used);
  EXPECT_EQ(PackTable(made.open()->index().tables()).row_count(), used.size());
}

TEST_F(PruneTest, NeverGivesUpTheSoundCopy) {
  for (std::uint64_t seed = 20; seed < 32; ++seed) {
    Random random(seed);
    TestRepository made;
    const Blobs saved = save_twice(made, random);
    const Blobs used = some_of(saved, random, 6);
    // One copy of each of some blobs is damaged, in either set of packs.
    const auto repository = made.open();
    int damaged = 0;
    for (const auto& [key, blob] : used) {
      if (random.below(8) != 0) continue;
      const auto places = repository->index().find(key.type, key.id);
      ASSERT_EQ(places.size(), 2U);
      const BlobPlace& place = places[random.below(2)];
      made.damage({FileType::Pack, place.pack.hex()},
                  [&](Bytes& bytes) { bytes[place.entry.offset + 20] ^= std::byte{1}; });
      ++damaged;
    }
    ASSERT_GT(damaged, 0) << "seed " << seed;
    prune(made, used);
    made.expect(used);
  }
}

TEST_F(PruneTest, MergesAPackThatTwoIndexFilesShare) {
  Random random(11);
  TestRepository made;
  const Blobs saved = made.save(random, 100);
  const auto repository = made.open();
  const PackTable packs(repository->index().tables());
  std::vector<IndexedPack> half[2];
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    std::vector<PackEntry> part[2];
    for (const PackEntry& entry : packs.entries(pack)) part[random.below(2)].push_back(entry);
    for (int i : {0, 1}) half[i].push_back({packs.id(pack), part[i]});
  }
  auto files = made.backend.files();
  std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Index; });
  made.backend.set_files(files);
  for (const auto& packs_of_half : half) {
    ASSERT_TRUE(repository->save_document(FileType::Index, encode_index(packs_of_half), {}).ok());
  }
  const Blobs used = some_of(saved, random, 5);
  prune(made, used);
  expect_clean(made, used);
}

TEST_F(PruneTest, AListingThatLeavesPacksOutLosesNothing) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Random random(seed);
    TestRepository made;
    const Blobs saved = made.save(random, 100);
    const Blobs used = some_of(saved, random, 3);
    FaultyBackend faulty(made.backend, clock_, seed);
    faulty.set_plan({{.fault = Fault::ListOmits, .type = FileType::Pack, .count = kForEver}});
    ASSERT_TRUE(prune(made, used, faulty).ok());
    made.expect(used);
  }
}

TEST_F(PruneTest, AListingThatLeavesIndexFilesOutLosesNothing) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Random random(seed);
    TestRepository made;
    Blobs saved = made.save(random, 60);
    saved.merge(made.save(random, 60));
    const Blobs used = some_of(saved, random, 3);
    FaultyBackend faulty(made.backend, clock_, seed);
    faulty.set_plan({{.fault = Fault::ListOmits, .type = FileType::Index, .count = kForEver}});
    const auto stats = prune(made, used, faulty);
    EXPECT_TRUE(failed_with(stats, Code::Corrupt));
    made.expect(used);
  }
}

TEST_F(PruneTest, StopsBeforeItDeletesOnceItsLockIsGone) {
  Random random(12);
  TestRepository made;
  const Blobs saved = made.save(random, 100);
  const Blobs used = some_of(saved, random, 3);
  const auto repository = made.open();
  const auto held = lock(made.backend, *repository);
  const auto find_used = [&](std::stop_token) -> Result<BlobSet> {
    return set_of(*repository, used);
  };
  const Result<PrunePlan> plan = plan_prune(*repository, find_used, kTight, {});
  ASSERT_TRUE(plan.ok());
  clock_.advance(std::chrono::minutes(25));
  Progress progress;
  EXPECT_TRUE(failed_with(execute_prune(*repository, *plan, *held, progress, {}), Code::Conflict));
  made.expect(saved);
}

// Killed at every single call, and in every way; then everything used is still there, and another
// prune ends as if nothing had happened.
void kill_everywhere(
    unsigned version, Fault fault,
    const std::function<Result<PruneStats>(TestRepository&, const Blobs&, Backend&)>& prune,
    const std::function<void(TestRepository&, const Blobs&)>& expect_clean) {
  Random random(version);
  TestRepository made(version);
  Blobs saved = made.save(random, 40, 8'000);
  saved.merge(made.save(random, 15, 8'000));
  const Blobs used = some_of(saved, random, 3);
  const auto before = made.backend.files();
  FakeClock clock{WallTime(std::chrono::hours(500'000))};
  for (std::uint64_t call = 1;; ++call) {
    made.backend.set_files(before);
    FaultyBackend faulty(made.backend, clock);
    faulty.set_plan({{.fault = fault, .first = call, .count = kForEver}});
    const Result<PruneStats> killed = prune(made, used, faulty);
    const bool struck = faulty.faults() > 0;
    auto files = made.backend.files();
    std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Lock; });
    made.backend.set_files(files);
    made.expect(used);
    const Result<PruneStats> again = prune(made, used, made.backend);
    ASSERT_TRUE(again.ok()) << "call " << call << ": " << again.error().message();
    expect_clean(made, used);
    ASSERT_FALSE(testing::Test::HasFailure()) << "killed at call " << call;
    if (!struck) break;
  }
}

TEST_F(PruneTest, KilledAnywhereLosesNothingAndFinishesLater) {
  const auto run = [&](TestRepository& made, const Blobs& used, Backend& through) {
    return prune(made, used, through);
  };
  const auto look = [&](TestRepository& made, const Blobs& used) { expect_clean(made, used); };
  kill_everywhere(2, Fault::Fail, run, look);
  kill_everywhere(1, Fault::LoseAnswer, run, look);
}

}  // namespace
}  // namespace firebreak
