#include "base/task_group.h"

#include <atomic>
#include <gtest/gtest.h>

#include "base/bounded_queue.h"

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
