#include "repository/repository.h"

#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <unistd.h>

#include "backend/faulty.h"
#include "backend/memory.h"
#include "base/random.h"
#include "repository/blob_saver.h"
#include "repository/unpacked.h"

namespace firebreak {
namespace {

constexpr ScryptCost kCheap{2, 1, 1};

class RepositoryTest : public testing::Test {
 protected:
  RepositoryTest() : folder_(testing::TempDir() + "/repository_test-" + std::to_string(getpid())) {
    std::filesystem::remove_all(folder_);
    const Result<void> made =
        Repository::init(backend_, {"secret", {"me", "here"}, kCheap, {}}, system_clock(), {});
    CHECK(made.ok());
  }
  ~RepositoryTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Repository> open() {
    auto opened = Repository::open(backend_, "secret", "", folder_, {});
    CHECK(opened.ok());
    const Result<void> loaded = (*opened)->load_index(OnBroken::Fail, {});
    EXPECT_TRUE(loaded.ok()) << loaded.error().message();
    return std::move(*opened);
  }

  std::map<BlobId, Bytes> save_random(Repository& repository, Random& random, int count) {
    std::map<BlobId, Bytes> saved;
    BlobSaver saver(repository, {}, {});
    for (int i = 0; i < count; ++i) {
      Bytes blob(1 + random.below(3000));
      random.fill(blob);
      const Result<SavedBlob> result = saver.save(BlobType::Data, blob);
      EXPECT_TRUE(result.ok());
      saved[result->id] = std::move(blob);
    }
    const Result<void> finished = saver.finish();
    EXPECT_TRUE(finished.ok());
    return saved;
  }

  std::string folder_;
  MemoryBackend backend_;
};

TEST_F(RepositoryTest, RefusesAWrongPasswordAndASecondInit) {
  EXPECT_TRUE(
      failed_with(Repository::open(backend_, "wrong", "", folder_, {}), Code::Unauthenticated));
  const auto before = backend_.files();
  EXPECT_TRUE(failed_with(
      Repository::init(backend_, {"other", {"me", "here"}, kCheap, {}}, system_clock(), {}),
      Code::Conflict));
  EXPECT_EQ(backend_.files(), before);
  MemoryBackend empty;
  EXPECT_TRUE(failed_with(Repository::open(empty, "secret", "", folder_, {}), Code::NotFound));
}

TEST_F(RepositoryTest, AnInterruptedInitIsTakenUpAgain) {
  for (int round = 0; round < 8; ++round) {  // which key is tried first is chance
    auto files = backend_.files();
    std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Config; });
    backend_.set_files(files);
    EXPECT_TRUE(failed_with(
        Repository::init(backend_, {"other", {"me", "here"}, kCheap, {}}, system_clock(), {}),
        Code::Conflict));
    EXPECT_EQ(backend_.files(), files);
    ASSERT_TRUE(
        Repository::init(backend_, {"secret", {"me", "here"}, kCheap, {}}, system_clock(), {})
            .ok());
    EXPECT_TRUE(Repository::open(backend_, "secret", "", folder_, {}).ok());
  }
}

TEST_F(RepositoryTest, InitKeepsItsKeyWhenTheAnswerWasLost) {
  MemoryBackend store;
  FaultyBackend backend(store, system_clock());
  FaultRule rule;
  rule.fault = Fault::LoseAnswer;
  rule.operation = Operation::Save;
  rule.type = FileType::Config;
  rule.code = Code::Conflict;  // what a second try would be told
  backend.set_plan({rule});
  EXPECT_TRUE(
      Repository::init(backend, {"secret", {"me", "here"}, kCheap, {}}, system_clock(), {}).ok());
  EXPECT_TRUE(Repository::open(store, "secret", "", folder_, {}).ok());
}

TEST_F(RepositoryTest, BlobsComeBackAfterReopening) {
  Random random(1);
  std::map<BlobId, Bytes> saved;
  for (int round = 0; round < 12; ++round) {
    const auto repository = open();
    for (auto& [id, blob] : save_random(*repository, random, 200)) saved[id] = blob;
    for (const auto& [id, blob] : saved) {
      const Result<Bytes> loaded = repository->load_blob(BlobType::Data, id, {}, {});
      ASSERT_TRUE(loaded.ok()) << loaded.error().message();
      EXPECT_EQ(*loaded, blob);
    }
    EXPECT_LE(repository->index().tables().size(), 6U);
  }
}

TEST_F(RepositoryTest, StoresABlobOnce) {
  const auto repository = open();
  BlobSaver saver(*repository, {}, {});
  const SavedBlob first = *saver.save(BlobType::Data, as_bytes("the same"));
  const SavedBlob second = *saver.save(BlobType::Data, as_bytes("the same"));
  EXPECT_TRUE(first.is_new);
  EXPECT_FALSE(second.is_new);
  ASSERT_TRUE(saver.finish().ok());
  const auto again = open();
  BlobSaver later(*again, {}, {});
  EXPECT_FALSE(later.save(BlobType::Data, as_bytes("the same"))->is_new);
  ASSERT_TRUE(later.finish().ok());
}

TEST_F(RepositoryTest, IndexFollowsFilesThatAreGone) {
  Random random(2);
  std::map<BlobId, Bytes> saved;
  {
    const auto repository = open();
    saved = save_random(*repository, random, 10);
  }
  (void)open();  // caches a table
  auto files = backend_.files();
  std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Index; });
  backend_.set_files(files);
  const auto repository = open();
  EXPECT_FALSE(repository->index().contains(BlobType::Data, saved.begin()->first));
}

TEST_F(RepositoryTest, DistrustsPacksThatAreNotThere) {
  Random random(3);
  std::map<BlobId, Bytes> saved;
  {
    const auto repository = open();
    saved = save_random(*repository, random, 10);
  }
  auto files = backend_.files();
  for (auto& [name, bytes] : files) {
    if (name.type == FileType::Pack) bytes.pop_back();
  }
  backend_.set_files(files);
  const auto repository = open();
  const BlobId id = saved.begin()->first;
  EXPECT_TRUE(repository->index().contains(BlobType::Data, id));
  EXPECT_GT(*repository->distrust_unlisted_packs({}), 0U);
  EXPECT_FALSE(repository->index().contains(BlobType::Data, id));
  EXPECT_TRUE(repository->index().claim(BlobType::Data, id));
}

TEST_F(RepositoryTest, TornTablesAreBuiltAnew) {
  Random random(4);
  std::map<BlobId, Bytes> saved;
  {
    const auto repository = open();
    saved = save_random(*repository, random, 500);
  }
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_)) {
    if (file.is_regular_file()) std::filesystem::resize_file(file.path(), file.file_size() / 2);
  }
  const auto repository = open();
  for (const auto& [id, blob] : saved) {
    EXPECT_TRUE(repository->index().contains(BlobType::Data, id));
  }
}

TEST_F(RepositoryTest, KeysCanBeAddedAndABrokenOneIsPassedOver) {
  const auto repository = open();
  ASSERT_TRUE(add_key(backend_, repository->sealer().key(), "second", {"me", "here"},
                      system_clock().now(), kCheap, {})
                  .ok());
  ASSERT_TRUE(backend_.save({FileType::Key, std::string(64, '0')}, as_bytes("{"), {}).ok());
  EXPECT_TRUE(Repository::open(backend_, "second", "", folder_, {}).ok());
  EXPECT_TRUE(Repository::open(backend_, "secret", "", folder_, {}).ok());
}

// Something happens while somebody waits.
class MeanwhileClock final : public Clock {
 public:
  explicit MeanwhileClock(std::function<void()> meanwhile) : meanwhile_(std::move(meanwhile)) {}
  WallTime now() const override { return WallTime(std::chrono::hours(500'000)); }
  Nanoseconds since_boot() const override { return Nanoseconds(0); }
  bool wait(Nanoseconds, std::stop_token) override {
    meanwhile_();
    return true;
  }

 private:
  std::function<void()> meanwhile_;
};

TEST_F(RepositoryTest, OfTwoThatLockAtOnceNeitherOverlooksTheOther) {
  const auto repository = open();
  std::string other;
  MeanwhileClock clock([&] {
    const LockInfo info{clock.now(), true, {"somebody", "elsewhere"}, 1};
    other = *save_unpacked(backend_, repository->sealer(), FileType::Lock,
                           as_bytes(encode_lock(info)), 2, {});
  });
  const RepositoryLock::Options shared{LockKind::Shared, {"me", "here"}, 2, Nanoseconds(0), false};
  EXPECT_TRUE(failed_with(
      RepositoryLock::acquire(backend_, repository->sealer(), shared, clock, {}), Code::Conflict));
  const auto left = list_all(backend_, FileType::Lock, {});
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().name, other);
}

TEST_F(RepositoryTest, LocksKeepOthersOut) {
  const auto repository = open();
  RepositoryLock::Options shared{LockKind::Shared, {"me", "here"}, 2, Nanoseconds(0), false};
  RepositoryLock::Options exclusive = shared;
  exclusive.kind = LockKind::Exclusive;
  FakeClock clock{WallTime(std::chrono::hours(500'000))};
  const auto acquire = [&](const RepositoryLock::Options& options) {
    return RepositoryLock::acquire(backend_, repository->sealer(), options, clock, {});
  };
  {
    const auto first = acquire(shared);
    ASSERT_TRUE(first.ok());
    EXPECT_TRUE(acquire(shared).ok());
    EXPECT_TRUE(failed_with(acquire(exclusive), Code::Conflict));
    EXPECT_TRUE((*first)->held({}).ok());
    ASSERT_TRUE((*first)->refresh({}).ok());
    EXPECT_TRUE((*first)->held({}).ok());
    clock.advance(std::chrono::minutes(21));
    EXPECT_TRUE(failed_with((*first)->held({}), Code::Conflict));
    ASSERT_TRUE((*first)->refresh({}).ok());
    EXPECT_TRUE((*first)->held({}).ok());
    auto files = backend_.files();
    std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Lock; });
    backend_.set_files(files);
    EXPECT_TRUE(failed_with((*first)->held({}), Code::Conflict));
  }
  const auto only = acquire(exclusive);
  ASSERT_TRUE(only.ok());
  EXPECT_TRUE(failed_with(acquire(shared), Code::Conflict));
  // Of another host and old: stale, removed by unlock.
  clock.advance(std::chrono::minutes(31));
  EXPECT_EQ(*remove_locks(backend_, repository->sealer(), false, clock.now(), {"x", "else"}, {}),
            1U);
}

}  // namespace
}  // namespace firebreak
