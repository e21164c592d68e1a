#include "base/task_group.h"

#include <algorithm>
#include <atomic>

#include "base/thread.h"

namespace firebreak {

TaskGroup::TaskGroup(std::stop_token parent)
    : parent_(std::move(parent), [this] { stop_.request_stop(); }) {}

TaskGroup::~TaskGroup() {
  stop_.request_stop();
  (void)wait();
}

void TaskGroup::run(Task task) {
  Result<void> started = start(std::move(task));
  if (!started.ok()) finish(std::move(started));
}

void TaskGroup::run_alike(std::size_t count, const Task& task) {
  if (count > 0) run(task);
  for (std::size_t i = 1; i < count; ++i) {
    if (!start(task).ok()) return;
  }
}

Result<void> TaskGroup::start(Task task) {
  threads_.push_back(TRY(start_thread(
      [this, task = std::move(task)](std::stop_token) { finish(task(stop_.get_token())); })));
  return {};
}

Result<void> TaskGroup::wait() {
  for (std::jthread& thread : threads_) thread.join();
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

Result<void> run_workers(std::size_t count, const TaskGroup::Task& task, std::stop_token stop) {
  if (count == 0) return {};
  TaskGroup group(std::move(stop));
  for (std::size_t i = 1; i < count; ++i) {
    if (!group.start(task).ok()) break;
  }
  group.finish(task(group.token()));
  return group.wait();
}

Result<void> for_each_number(
    std::size_t count, std::size_t workers,
    const std::function<Result<void>(std::size_t number, std::stop_token)>& task,
    std::stop_token stop) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](std::stop_token stopped) -> Result<void> {
    for (std::size_t number = next++; number < count; number = next++) {
      if (stopped.stop_requested()) return error(Code::Canceled, "stopped");
      TRY(task(number, stopped));
    }
    return {};
  };
  return run_workers(std::min(count, workers), work, std::move(stop));
}

}  // namespace firebreak
