// Work that makes more work: tasks are taken newest first, so that a walk of a tree goes deep
// before it goes wide and holds little at a time. run() ends when every task has, those made on the
// way included.
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace firebreak {

class WorkStack {
 public:
  using Task = std::function<Result<void>(std::stop_token)>;

  // May be called from inside a task.
  void push(Task task);

  // True when a worker has nothing to do: the time to split a large task.
  bool has_idle_worker() const;

  // Runs everything in `workers` threads, the caller's among them. The first error stops the rest,
  // whose tasks are dropped unrun.
  Result<void> run(unsigned workers, std::stop_token stop);

 private:
  Result<void> work(std::stop_token stop);

  mutable Mutex mutex_;
  Condition changed_;
  std::vector<Task> tasks_ GUARDED_BY(mutex_);
  std::size_t unfinished_ GUARDED_BY(mutex_) = 0;  // waiting or running
  unsigned idle_ GUARDED_BY(mutex_) = 0;
};

}  // namespace firebreak
