#include "base/task_group.h"

#include <atomic>
#include <gtest/gtest.h>

#include "base/bounded_queue.h"
#include "base/refused_threads.h"
#include "base/work_stack.h"

namespace firebreak {
namespace {

TEST(TaskGroup, TheFirstErrorStopsTheRest) {
  TaskGroup group;
  BoundedQueue<int> queue(1);
  group.run([&](std::stop_token stop) -> Result<void> {
    while (queue.push(1, stop)) {
    }
    return error(Code::Canceled, "stopped");
  });
  group.run([&](std::stop_token) -> Result<void> { return error(Code::Io, "boom"); });
  const Result<void> result = group.wait();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message(), "boom");
}

TEST(TaskGroup, StopsWithItsParent) {
  std::stop_source parent;
  TaskGroup group(parent.get_token());
  BoundedQueue<int> queue(1);
  group.run([&](std::stop_token stop) -> Result<void> {
    EXPECT_EQ(queue.pop(stop), std::nullopt);
    return {};
  });
  parent.request_stop();
  EXPECT_TRUE(group.wait().ok());
}

TEST(TaskGroup, ARefusedThreadIsAnError) {
  TaskGroup group;
  {
    const RefusedThreads refused;
    group.run([](std::stop_token) -> Result<void> { return {}; });
  }
  EXPECT_TRUE(group.token().stop_requested());
  const Result<void> result = group.wait();
  ASSERT_TRUE(failed_with(result, Code::Exhausted));
  EXPECT_NE(result.error().message().find("ulimit -u"), std::string::npos);
}

TEST(TaskGroup, ThreadsOfOneTaskGoOnWithoutThoseThatAreRefused) {
  const RefusedThreads refused(2);
  std::atomic<int> started = 0;
  TaskGroup group;
  group.run_alike(50, [&](std::stop_token) -> Result<void> {
    ++started;
    return {};
  });
  EXPECT_TRUE(group.wait().ok());
  EXPECT_GE(started, 1);
  EXPECT_LT(started, 50);
}

TEST(TaskGroup, OneThreadOfAnyTaskIsNeeded) {
  const RefusedThreads refused;
  TaskGroup group;
  group.run_alike(3, [](std::stop_token) -> Result<void> { return {}; });
  EXPECT_TRUE(failed_with(group.wait(), Code::Exhausted));
}

TEST(ForEachNumber, NeedsNoThreadButTheCallers) {
  const RefusedThreads refused;
  int sum = 0;
  const auto add = [&](std::size_t number, std::stop_token) -> Result<void> {
    sum += static_cast<int>(number);
    return {};
  };
  EXPECT_TRUE(for_each_number(100, 8, add, {}).ok());
  EXPECT_EQ(sum, 4950);
}

TEST(ForEachNumber, EndsWithTheFirstError) {
  const auto fail = [](std::size_t number, std::stop_token) -> Result<void> {
    if (number == 7) return error(Code::Io, "boom");
    return {};
  };
  EXPECT_TRUE(failed_with(for_each_number(100, 1, fail, {}), Code::Io));
  EXPECT_TRUE(failed_with(for_each_number(100, 8, fail, {}), Code::Io));
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_TRUE(failed_with(for_each_number(100, 8, fail, stopped.get_token()), Code::Canceled));
  EXPECT_TRUE(for_each_number(0, 8, fail, {}).ok());
}

TEST(WorkStack, NeedsNoThreadButTheCallers) {
  const RefusedThreads refused;
  WorkStack work;
  int done = 0;
  work.push([&](std::stop_token) -> Result<void> {
    ++done;
    work.push([&](std::stop_token) -> Result<void> {
      ++done;
      return {};
    });
    return {};
  });
  EXPECT_TRUE(work.run(4, {}).ok());
  EXPECT_EQ(done, 2);
}

TEST(BoundedQueue, HandsOutWhatWasPushedBeforeClose) {
  BoundedQueue<int> queue(2);
  std::atomic<int> sum = 0;
  TaskGroup group;
  group.run([&](std::stop_token stop) -> Result<void> {
    for (int i = 1; i <= 100; ++i) EXPECT_TRUE(queue.push(i, stop));
    queue.close();
    return {};
  });
  for (int reader = 0; reader < 2; ++reader) {
    group.run([&](std::stop_token stop) -> Result<void> {
      while (const std::optional<int> item = queue.pop(stop)) sum += *item;
      return {};
    });
  }
  EXPECT_TRUE(group.wait().ok());
  EXPECT_EQ(sum, 5050);
  EXPECT_FALSE(queue.push(1, {}));
}

}  // namespace
}  // namespace firebreak
