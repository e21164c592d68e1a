#include "base/task_group.h"

#include <algorithm>
#include <atomic>

namespace firebreak {

TaskGroup::TaskGroup(std::stop_token parent)
    : parent_(std::move(parent), [this] { stop_.request_stop(); }) {}

TaskGroup::~TaskGroup() {
  stop_.request_stop();
  (void)wait();
}

void TaskGroup::run(std::function<Result<void>(std::stop_token)> task) {
  threads_.emplace_back([this, task = std::move(task)] { finish(task(stop_.get_token())); });
}

Result<void> TaskGroup::wait() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (std::optional<Error> problem = first_error()) return *std::move(problem);
  return {};
}

std::optional<Error> TaskGroup::first_error() const {
  const MutexLock lock(mutex_);
  return first_;
}

void TaskGroup::finish(Result<void> result) {
  if (result.ok()) return;
  {
    const MutexLock lock(mutex_);
    const bool replaces =
        first_ && first_->code() == Code::Canceled && result.error().code() != Code::Canceled;
    if (!first_ || replaces) first_ = std::move(result).error();
  }
  stop_.request_stop();
}

Result<void> for_each_number(
    std::size_t count, std::size_t workers,
    const std::function<Result<void>(std::size_t number, std::stop_token)>& task,
    std::stop_token stop) {
  std::atomic<std::size_t> next = 0;
  TaskGroup group(std::move(stop));
  for (std::size_t worker = 0; worker < std::min(count, workers); ++worker) {
    group.run([&](std::stop_token stopped) -> Result<void> {
      for (std::size_t number = next++; number < count; number = next++) {
        if (stopped.stop_requested()) return error(Code::Canceled, "stopped");
        TRY(task(number, stopped));
      }
      return {};
    });
  }
  return group.wait();
}

}  // namespace firebreak
