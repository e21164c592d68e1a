// Workers that end with their scope. The first error stops the others; wait() returns it. That the
// system grants no thread is such an error, but where others do the same work it goes on with them.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace firebreak {

class TaskGroup {
 public:
  using Task = std::function<Result<void>(std::stop_token)>;

  // Asked to stop when `parent` is.
  explicit TaskGroup(std::stop_token parent = {});
  // Stops and joins what was not waited for.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts a thread at once.
  void run(Task task);
  // Starts threads of one task: one at least, and `count` where the system grants them.
  void run_alike(std::size_t count, const Task& task);
  // Joins every task; the first error in time, if any. Canceled gives way to a real error.
  Result<void> wait();
  // The error that stopped the group, at any time and from any thread.
  std::optional<Error> first_error() const;
  std::stop_token token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }

 private:
  friend Result<void> run_workers(std::size_t count, const Task& task, std::stop_token stop);
  Result<void> start(Task task);
  void finish(Result<void> result);

  std::stop_source stop_;
  std::stop_callback<std::function<void()>> parent_;
  std::vector<std::jthread> threads_;
  mutable Mutex mutex_;
  std::optional<Error> first_ GUARDED_BY(mutex_);
};

// Runs one task in the caller's thread and in `count` - 1 others, or as many as the system grants,
// and waits for them all.
Result<void> run_workers(std::size_t count, const TaskGroup::Task& task, std::stop_token stop);

// Calls `task` once for every number below `count`, from at most `workers` threads; the first error
// stops the rest.
Result<void> for_each_number(
    std::size_t count, std::size_t workers,
    const std::function<Result<void>(std::size_t number, std::stop_token)>& task,
    std::stop_token stop);

}  // namespace firebreak
