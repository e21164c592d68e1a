#include "repository/repair_index.h"

#include "backend/faulty.h"
#include "repository/index_file.h"
#include "repository/pack_table.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

class RepairIndexTest : public testing::Test {
 protected:
  RepairIndexTest() : saved_(made_.save(random_, 120)) {}

  Result<RepairIndexSummary> repair(Backend& through, bool all = false) {
    const auto repository = TRY(made_.try_open(through));
    RepositoryLock::Options options{LockKind::Exclusive, {"me", "here"}, 2, Nanoseconds(0), false};
    const auto held =
        TRY(RepositoryLock::acquire(through, repository->sealer(), options, clock_, {}));
    Progress progress;
    findings_.clear();
    const auto note = [&](const Finding& found) { findings_.push_back(found); };
    return repair_index(*repository, {all}, *held, note, progress, {});
  }
  RepairIndexSummary repaired(bool all = false) {
    const Result<RepairIndexSummary> summary = repair(made_.backend, all);
    EXPECT_TRUE(summary.ok()) << (summary.ok() ? "" : summary.error().message());
    return summary.ok() ? *summary : RepairIndexSummary{};
  }

  void lose_index() {
    auto files = made_.backend.files();
    std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Index; });
    made_.backend.set_files(files);
  }
  FileName some_file(FileType type) {
    for (const auto& [file, bytes] : made_.backend.files()) {
      if (file.type == type) return file;
    }
    CHECK(false);
    return {};
  }
  void expect_all_sound() {
    made_.expect(saved_);
    const auto repository = made_.open();
    Progress progress;
    const auto report = [](const Finding& found) { ADD_FAILURE() << found.message; };
    EXPECT_TRUE(
        check(*repository, set_of(*repository, saved_), {ReadAllPacks{}, 0}, report, progress, {})
            .ok());
  }

  Random random_{3};
  TestRepository made_;
  Blobs saved_;
  std::vector<Finding> findings_;
  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
};

TEST_F(RepairIndexTest, RebuildsALostIndex) {
  lose_index();
  const RepairIndexSummary summary = repaired();
  EXPECT_EQ(summary.packs_added, made_.count(FileType::Pack));
  EXPECT_TRUE(findings_.empty());
  expect_all_sound();
}

TEST_F(RepairIndexTest, LeavesASoundIndexAlone) {
  const auto before = made_.backend.files();
  EXPECT_EQ(repaired().packs_read, 0U);
  EXPECT_EQ(made_.backend.files(), before);
  EXPECT_EQ(repaired(true).packs_added, 0U);
  expect_all_sound();
}

TEST_F(RepairIndexTest, ReplacesABrokenIndexFile) {
  made_.damage(some_file(FileType::Index), [](Bytes& bytes) { bytes[40] ^= std::byte{1}; });
  EXPECT_EQ(repaired().files_removed, 1U);
  expect_all_sound();
}

TEST_F(RepairIndexTest, CorrectsWrongEntriesWhenAskedToReadAll) {
  const auto repository = made_.open();
  const FileName file = some_file(FileType::Index);
  std::string text = to_text(*repository->load_document(FileType::Index, file.name, {}));
  const std::size_t at = text.find("\"blobs\":[{\"id\":\"") + 16;
  text[at] = text[at] == '0' ? '1' : '0';
  made_.lose(file);
  ASSERT_TRUE(repository->save_document(FileType::Index, as_bytes(text), {}).ok());
  EXPECT_EQ(repaired(true).packs_added, 1U);
  expect_all_sound();
}

TEST_F(RepairIndexTest, DropsLostPacksAndReportsBrokenOnes) {
  const auto files = made_.backend.files();
  std::vector<FileName> packs;
  for (const auto& [file, bytes] : files) {
    if (file.type == FileType::Pack) packs.push_back(file);
  }
  ASSERT_GE(packs.size(), 4U);
  made_.lose(packs[0]);
  made_.damage(packs[1], [](Bytes& bytes) { bytes.resize(bytes.size() / 2); });
  const PackId shortened = *PackId::parse(packs[1].name);
  const auto before = made_.open();
  const PackTable old_table(before->index().tables());
  const RepairIndexSummary summary = repaired();
  EXPECT_EQ(summary.packs_dropped, 1U);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].pack, shortened);
  const auto repository = made_.open();
  const PackTable table(repository->index().tables());
  EXPECT_EQ(table.size(), packs.size() - 1);
  // Nothing but the index says any more where the blobs of the shortened one lie.
  ASSERT_TRUE(table.find(shortened));
  EXPECT_EQ(table.entries(*table.find(shortened)), old_table.entries(*old_table.find(shortened)));
  EXPECT_EQ(made_.count(FileType::Pack), packs.size() - 1);
}

TEST_F(RepairIndexTest, KeepsTheEntriesOfAPackWhoseHeaderAloneIsDamaged) {
  made_.damage(some_file(FileType::Pack),
               [](Bytes& bytes) { bytes[bytes.size() - 10] ^= std::byte{1}; });
  repaired(true);
  EXPECT_EQ(findings_.size(), 1U);
  made_.expect(saved_);
}

TEST_F(RepairIndexTest, KilledAnywhereLosesNothingAndFinishesLater) {
  saved_.merge(made_.save(random_, 1));
  const auto sound = made_.backend.files();
  std::size_t index_files = 0;
  for (const auto& [file, stored] : sound) {
    if (file.type != FileType::Index) continue;
    ++index_files;
    auto before = sound;
    before.at(file)[40] ^= std::byte{1};
    for (std::uint64_t call = 1;; ++call) {
      made_.backend.set_files(before);
      FaultyBackend faulty(made_.backend, clock_);
      faulty.set_plan({{.first = call, .count = kForEver}});
      (void)repair(faulty, true);
      const bool struck = faulty.faults() > 0;
      auto files = made_.backend.files();
      std::erase_if(files, [](const auto& left) { return left.first.type == FileType::Lock; });
      made_.backend.set_files(files);
      repaired();
      made_.expect(saved_);
      ASSERT_FALSE(HasFailure()) << to_string(file) << " damaged, killed at call " << call;
      if (!struck) break;
    }
  }
  EXPECT_EQ(index_files, 2U);
}

}  // namespace
}  // namespace firebreak
