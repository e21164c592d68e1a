// A queue that makes its producers wait: what a pipeline holds in memory has a limit.
#pragma once

#include <deque>
#include <optional>
#include <stop_token>

#include "base/check.h"
#include "base/mutex.h"

namespace firebreak {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) { CHECK(capacity > 0); }

  // Waits for room. False, and the item is dropped, when stopped or closed.
  [[nodiscard]] bool push(T item, std::stop_token stop) {
    const MutexLock lock(mutex_);
    while (items_.size() >= capacity_ && !closed_) {
      if (stop.stop_requested()) return false;
      room_.wait(mutex_, stop);
    }
    if (closed_ || stop.stop_requested()) return false;
    items_.push_back(std::move(item));
    item_.notify_one();
    return true;
  }

  // Waits for an item. Nothing when stopped, or closed and drained.
  std::optional<T> pop(std::stop_token stop) {
    const MutexLock lock(mutex_);
    while (items_.empty()) {
      if (closed_ || stop.stop_requested()) return std::nullopt;
      item_.wait(mutex_, stop);
    }
    if (stop.stop_requested()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    room_.notify_one();
    return item;
  }

  // No more items will come; those inside are still handed out.
  void close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    item_.notify_all();
    room_.notify_all();
  }

 private:
  const std::size_t capacity_;
  Mutex mutex_;
  Condition item_;
  Condition room_;
  std::deque<T> items_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace firebreak
