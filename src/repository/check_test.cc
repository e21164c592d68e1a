#include "repository/check.h"

#include <algorithm>

#include "backend/faulty.h"
#include "repository/index_file.h"
#include "repository/repair_index.h"
#include "repository/repair_packs.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

using Kinds = std::multiset<std::string>;

class CheckTest : public testing::Test {
 protected:
  CheckTest() : saved_(made_.save(random_, 200)) {}

  Kinds check_all(ReadData read = ReadAllPacks{}) { return check_with(made_.backend, read); }

  Kinds check_with(Backend& through, ReadData read) {
    const auto repository = made_.open_unindexed(through);
    EXPECT_TRUE(repository->load_index(OnBroken::Skip, {}).ok());
    Kinds kinds;
    Progress progress;
    const auto note = [&](const Finding& found) { kinds.emplace(name(found.kind)); };
    const auto summary =
        check(*repository, set_of(*repository, saved_), {read, 1}, note, progress, {});
    EXPECT_TRUE(summary.ok());
    summary_ = *summary;
    EXPECT_EQ(summary_.errors + summary_.hints, kinds.size());
    return kinds;
  }

  const FileName& some_file(FileType type) {
    for (const auto& [file, bytes] : made_.backend.files()) {
      if (file.type == type) return found_ = file;
    }
    CHECK(false);
    return found_;
  }

  std::size_t used_in(const PackId& pack) {
    const auto repository = made_.open();
    return static_cast<std::size_t>(std::count_if(saved_.begin(), saved_.end(), [&](const auto& b) {
      return repository->index().find(b.first.type, b.first.id).at(0).pack == pack;
    }));
  }

  Random random_{7};
  TestRepository made_;
  Blobs saved_;
  CheckSummary summary_;
  FileName found_;
};

TEST_F(CheckTest, WondersAtPacksThatNoSnapshotUses) {
  saved_.clear();
  EXPECT_EQ(check_all(), Kinds{"nothing_used"});
  EXPECT_EQ(summary_.errors, 0U);
  for (const auto& [file, bytes] : made_.backend.files()) {
    if (file.type == FileType::Pack || file.type == FileType::Index) made_.lose(file);
  }
  EXPECT_EQ(check_all(), Kinds{});
}

TEST_F(CheckTest, FindsNothingInASoundRepository) {
  EXPECT_EQ(check_all(), Kinds());
  EXPECT_EQ(summary_.packs, made_.count(FileType::Pack));
  EXPECT_EQ(summary_.packs_read, summary_.packs);
  EXPECT_EQ(summary_.blobs, saved_.size());
}

TEST_F(CheckTest, FindsNothingInASoundRepositoryOfVersion1) {
  TestRepository old(1);
  const Blobs saved = old.save(random_, 100);
  const auto repository = old.open();
  Progress progress;
  const auto summary =
      check(*repository, set_of(*repository, saved), {ReadAllPacks{}, 0},
            [](const Finding& found) { ADD_FAILURE() << found.message; }, progress, {});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->packs_read, old.count(FileType::Pack));
}

TEST_F(CheckTest, ReadingFindsEveryDamagedBitAndTheStructureNone) {
  const FileName pack = some_file(FileType::Pack);
  const std::size_t size = made_.backend.files().at(pack).size();
  for (std::size_t at = 0; at < size; at += 1 + size / 12) {
    const auto flip = [&](Bytes& bytes) { bytes[at] ^= std::byte{4}; };
    made_.damage(pack, flip);
    EXPECT_TRUE(check_all().contains("pack_damaged")) << at;
    EXPECT_EQ(check_all(ReadNoPacks{}), Kinds()) << at;
    made_.damage(pack, flip);
  }
  EXPECT_EQ(check_all(), Kinds());
}

TEST_F(CheckTest, NamesTheDamagedBlob) {
  const FileName pack = some_file(FileType::Pack);
  made_.damage(pack, [](Bytes& bytes) { bytes[20] ^= std::byte{1}; });
  EXPECT_EQ(check_all(), Kinds({"blob_damaged", "pack_damaged"}));
}

TEST_F(CheckTest, FindsLostPacksAndTheBlobsInThem) {
  const FileName pack = some_file(FileType::Pack);
  const std::size_t used = used_in(*PackId::parse(pack.name));
  made_.lose(pack);
  const Kinds kinds = check_all();
  EXPECT_EQ(kinds.count("pack_missing"), 1U);
  EXPECT_EQ(kinds.count("blob_missing"), used);
  EXPECT_EQ(kinds.size(), 1 + used);
}

TEST_F(CheckTest, FindsShortenedPacks) {
  made_.damage(some_file(FileType::Pack), [](Bytes& bytes) { bytes.pop_back(); });
  EXPECT_EQ(check_all(ReadNoPacks{}), Kinds({"pack_size"}));
  EXPECT_TRUE(check_all().contains("pack_damaged"));
}

TEST_F(CheckTest, FindsDamagedIndexFilesEvenWhenCached) {
  (void)made_.open();  // caches a table
  made_.damage(some_file(FileType::Index), [](Bytes& bytes) { bytes[50] ^= std::byte{1}; });
  EXPECT_EQ(check_all(ReadNoPacks{}), Kinds({"index_damaged"}));
}

TEST_F(CheckTest, FindsUsedBlobsThatNoIndexNames) {
  made_.lose(some_file(FileType::Index));
  const Kinds kinds = check_all();
  EXPECT_EQ(kinds.count("blob_missing"), saved_.size());
  EXPECT_EQ(kinds.count("pack_unreferenced"), made_.count(FileType::Pack));
}

TEST_F(CheckTest, FindsAnIndexThatSaysSomethingElseThanThePacks) {
  const auto repository = made_.open();
  const Bytes json =
      *repository->load_document(FileType::Index, some_file(FileType::Index).name, {});
  std::string text = to_text(json);
  const std::size_t at = text.find("\"blobs\":[{\"id\":\"") + 16;
  text[at] = text[at] == '0' ? '1' : '0';
  made_.lose(some_file(FileType::Index));
  ASSERT_TRUE(repository->save_document(FileType::Index, as_bytes(text), {}).ok());
  EXPECT_EQ(check_all(), Kinds({"blob_missing", "pack_header"}));
}

TEST_F(CheckTest, RepeatedIndexFilesAreAHint) {
  const auto repository = made_.open();
  const Bytes json =
      *repository->load_document(FileType::Index, some_file(FileType::Index).name, {});
  ASSERT_TRUE(repository->save_document(FileType::Index, json, {}).ok());
  const Kinds kinds = check_all();
  EXPECT_EQ(kinds.count("pack_repeated"), made_.count(FileType::Pack));
  EXPECT_EQ(summary_.errors, 0U);
}

TEST_F(CheckTest, WhatCannotBeReadIsNotCalledDamaged) {
  FaultyBackend faulty(made_.backend, system_clock());
  faulty.set_plan({{.operation = Operation::Load, .type = FileType::Pack, .count = kForEver}});
  const Kinds kinds = check_with(faulty, ReadAllPacks{});
  EXPECT_EQ(kinds.count("unchecked"), kinds.size());
  EXPECT_EQ(kinds.size(), made_.count(FileType::Pack));
  // One failure is tried again, and so is one flipped bit on the way.
  faulty.set_plan({{.operation = Operation::Load, .type = FileType::Pack}});
  EXPECT_EQ(check_with(faulty, ReadAllPacks{}), Kinds());
  faulty.set_plan(
      {{.fault = Fault::CorruptLoad, .operation = Operation::Load, .type = FileType::Pack}});
  EXPECT_EQ(check_with(faulty, ReadAllPacks{}), Kinds());
}

TEST_F(CheckTest, AListingThatLeavesPacksOutMisleadsNobody) {
  FaultyBackend faulty(made_.backend, system_clock());
  faulty.set_plan({{.fault = Fault::ListOmits, .type = FileType::Pack, .count = kForEver}});
  EXPECT_EQ(check_with(faulty, ReadNoPacks{}), Kinds());
}

TEST_F(CheckTest, PartsTogetherReadEveryPackOnce) {
  std::uint64_t read = 0;
  for (unsigned part = 1; part <= 3; ++part) {
    check_all(ReadPart{part, 3});
    read += summary_.packs_read;
  }
  EXPECT_EQ(read, made_.count(FileType::Pack));
  check_all(ReadShare{50});
  EXPECT_EQ(summary_.packs_read, made_.count(FileType::Pack) / 2);
  check_all(ReadBytes{50'000});
  EXPECT_GE(summary_.packs_read, 1U);
  EXPECT_LE(summary_.bytes_read, 50'000U);
}

TEST_F(CheckTest, ReadsPacksLargerThanItsWindow) {
  TestRepository large;
  const auto repository = large.open();
  BlobSaver::Options options;
  options.pack_size = 80 * 1024 * 1024;
  BlobSaver saver(*repository, options, {});
  Blobs saved;
  for (int i = 0; i < 40; ++i) {
    Bytes blob(4'000'000);
    random_.fill(blob);
    const BlobId id = saver.save(BlobType::Data, blob)->id;
    saved[{BlobType::Data, id}] = std::move(blob);
  }
  ASSERT_TRUE(saver.finish().ok());
  std::vector<Finding> findings;
  const auto run = [&] {
    findings.clear();
    Progress progress;
    const auto note = [&](const Finding& found) { findings.push_back(found); };
    return check(*repository, set_of(*repository, saved), {ReadAllPacks{}, 0}, note, progress, {});
  };
  ASSERT_TRUE(run().ok());
  EXPECT_TRUE(findings.empty());
  const BlobKey last = saved.rbegin()->first;
  const BlobPlace place = repository->index().find(last.type, last.id).at(0);
  large.damage({FileType::Pack, place.pack.hex()}, [&](Bytes& bytes) {
    bytes[place.entry.offset + place.entry.length - 1] ^= std::byte{1};
  });
  ASSERT_TRUE(run().ok());
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].blob, last);
}

// A server may list packs by name, wherever they lie.
TEST_F(CheckTest, PacksThatAreListedAndNotFoundAreNotGone) {
  auto files = made_.backend.files();
  const FileName pack = some_file(FileType::Pack);
  FaultyBackend listing(made_.backend, system_clock());
  ASSERT_TRUE(listing.remove(pack, {}).ok());
  listing.set_plan({{.fault = Fault::ListRemoved, .type = FileType::Pack, .count = kForEver}});
  EXPECT_EQ(check_with(listing, ReadAllPacks{}), Kinds{"pack_misplaced"});
  const auto repository = made_.open_unindexed(listing);
  FakeClock clock(WallTime(std::chrono::hours(500'000)));
  RepositoryLock::Options exclusive;
  exclusive.kind = LockKind::Exclusive;
  exclusive.refreshes_itself = false;
  const auto lock = RepositoryLock::acquire(listing, repository->sealer(), exclusive, clock, {});
  ASSERT_TRUE(lock.ok()) << lock.error().message();
  Progress progress;
  const auto ignore = [](const Finding&) {};
  const Result<RepairPacksSummary> packs =
      repair_packs(*repository, {*PackId::parse(pack.name)}, nullptr, {.give_up_lost = true},
                   **lock, ignore, progress, {});
  EXPECT_TRUE(failed_with(packs, Code::Corrupt));
  const Result<RepairIndexSummary> index =
      repair_index(*repository, {.read_all_packs = true}, **lock, ignore, progress, {});
  EXPECT_TRUE(failed_with(index, Code::Corrupt));
  EXPECT_EQ(check_with(listing, ReadAllPacks{}), Kinds{"pack_misplaced"});
  made_.backend.set_files(files);
  EXPECT_EQ(check_all(), Kinds{});
}

}  // namespace
}  // namespace firebreak
