#include "base/work_stack.h"

#include "base/task_group.h"

namespace firebreak {

void WorkStack::push(Task task) {
  const MutexLock lock(mutex_);
  tasks_.push_back(std::move(task));
  ++unfinished_;
  changed_.notify_one();
}

bool WorkStack::has_idle_worker() const {
  const MutexLock lock(mutex_);
  return idle_ > 0 && tasks_.empty();
}

Result<void> WorkStack::run(unsigned workers, std::stop_token stop) {
  Result<void> result = run_workers(
      workers, [this](std::stop_token stopped) { return work(stopped); }, std::move(stop));
  const MutexLock lock(mutex_);
  tasks_.clear();
  return result;
}

Result<void> WorkStack::work(std::stop_token stop) {
  while (true) {
    Task task;
    {
      const MutexLock lock(mutex_);
      ++idle_;
      while (tasks_.empty() && unfinished_ > 0 && !stop.stop_requested()) {
        changed_.wait(mutex_, stop);
      }
      --idle_;
      if (stop.stop_requested()) return error(Code::Canceled, "stopped");
      if (tasks_.empty()) return {};
      task = std::move(tasks_.back());
      tasks_.pop_back();
    }
    TRY(task(stop));
    task = nullptr;  // what it holds is let go before anybody hears that it is finished
    const MutexLock lock(mutex_);
    if (--unfinished_ == 0) changed_.notify_all();
  }
}

}  // namespace firebreak
