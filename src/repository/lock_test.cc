#include "repository/lock.h"

#include <gtest/gtest.h>

#include "base/refused_threads.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

class LockTest : public testing::Test {
 protected:
  Result<std::unique_ptr<RepositoryLock>> acquire(LockKind kind, bool refreshes_itself = false) {
    RepositoryLock::Options options{kind, {"me", "here"}, 2, Nanoseconds(0), refreshes_itself};
    return RepositoryLock::acquire(made_.backend, repository_->sealer(), options, clock_, {});
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

}  // namespace
}  // namespace firebreak
