#include "repository/lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/refused_threads.h"
#include "repository/test_repository.h"
#include "repository/unpacked.h"

namespace firebreak {
namespace {

class LockTest : public testing::Test {
 protected:
  Result<std::unique_ptr<RepositoryLock>> acquire(LockKind kind, bool refreshes_itself = false,
                                                  Nanoseconds retry_for = {}) {
    RepositoryLock::Options options{kind, {"me", "here"}, 2, retry_for, refreshes_itself};
    return RepositoryLock::acquire(made_.backend, repository_->sealer(), options, clock_, {});
  }
  // Somebody's.
  void leave(const std::string& host, std::int64_t pid, Nanoseconds age, bool exclusive = true) {
    const LockInfo info{clock_.now() - age, exclusive, {"somebody", host}, pid};
    ASSERT_TRUE(save_unpacked(made_.backend, repository_->sealer(), FileType::Lock,
                              as_bytes(encode_lock(info)), 2, {})
                    .ok());
  }
  void expect_refused(const std::string& says, const std::string& says_not) {
    const auto refused = acquire(LockKind::Exclusive);
    ASSERT_TRUE(failed_with(refused, Code::Conflict));
    EXPECT_NE(refused.error().message().find(says), std::string::npos) << refused.error().message();
    EXPECT_EQ(refused.error().message().find(says_not), std::string::npos)
        << refused.error().message();
    made_.backend.set_files(without_locks());
  }
  std::map<FileName, Bytes> without_locks() const {
    auto files = made_.backend.files();
    std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Lock; });
    return files;
  }
  static std::int64_t gone_process() {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
    return child;
  }

  TestRepository made_;
  std::unique_ptr<Repository> repository_ = made_.open_unindexed(made_.backend);
  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
};

TEST_F(LockTest, StaysNotWhereTheSystemGrantsNoThreadToRefreshIt) {
  {
    const RefusedThreads refused;
    EXPECT_TRUE(failed_with(acquire(LockKind::Shared, true), Code::Exhausted));
  }
  EXPECT_EQ(made_.count(FileType::Lock), 0U);
}

TEST_F(LockTest, SaysWhatItKnowsOfOneInTheWay) {
  using std::chrono::minutes;
  leave("elsewhere", 1, minutes(1));
  expect_refused("locked exclusively by somebody@elsewhere (process 1)", "reading");
  leave("elsewhere", 1, minutes(1), false);
  expect_refused("locked for reading or writing by", "exclusively");
  leave("elsewhere", 1, minutes(1));
  expect_refused(
      "if that process is gone, run half an hour from then: firebreak unlock, or at once",
      "is running");
  leave("elsewhere", 1, minutes(31));
  expect_refused("for half an hour; run: firebreak unlock", "--remove-all");
  leave("here", gone_process(), minutes(1));
  expect_refused("that process is gone; run: firebreak unlock", "--remove-all");
  leave("here", gone_process(), minutes(-60));
  expect_refused("that process is gone; run: firebreak unlock", "--remove-all");
  leave("here", getpid(), minutes(1));
  expect_refused("that process is running", "is gone");
  leave("elsewhere", 1, minutes(-60));
  expect_refused("run: firebreak unlock --remove-all", "is gone");
}

TEST_F(LockTest, WaitsForNobodyWhoIsGone) {
  const Nanoseconds hour = std::chrono::hours(1);
  leave("here", gone_process(), {});
  Nanoseconds began = clock_.since_boot();
  EXPECT_TRUE(failed_with(acquire(LockKind::Shared, false, hour), Code::Conflict));
  EXPECT_LT(clock_.since_boot() - began, std::chrono::seconds(1));
  made_.backend.set_files(without_locks());
  leave("elsewhere", 1, {});
  began = clock_.since_boot();
  EXPECT_TRUE(failed_with(acquire(LockKind::Shared, false, hour), Code::Conflict));
  EXPECT_GT(clock_.since_boot() - began, std::chrono::minutes(50));
}

TEST_F(LockTest, ADamagedOneIsNamedWithTheWayOut) {
  ASSERT_TRUE(made_.backend.save({FileType::Lock, std::string(64, 'a')}, Bytes(100), {}).ok());
  const auto refused = acquire(LockKind::Shared);
  ASSERT_TRUE(failed_with(refused, Code::Corrupt));
  EXPECT_NE(refused.error().message().find("locks/aaaa"), std::string::npos);
  EXPECT_NE(refused.error().message().find("firebreak unlock --remove-all"), std::string::npos);
}

}  // namespace
}  // namespace firebreak
