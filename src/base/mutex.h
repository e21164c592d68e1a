// A mutex that clang's -Wthread-safety can follow.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#if defined(__clang__)
#define FIREBREAK_THREAD_SAFETY(x) __attribute__((x))
#else
#define FIREBREAK_THREAD_SAFETY(x)
#endif
#ifndef GUARDED_BY  // abseil's, where its headers came first, means the same
#define GUARDED_BY(mutex) FIREBREAK_THREAD_SAFETY(guarded_by(mutex))
#endif
#define REQUIRES(mutex) FIREBREAK_THREAD_SAFETY(requires_capability(mutex))

namespace firebreak {

class FIREBREAK_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  void lock() FIREBREAK_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void unlock() FIREBREAK_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class FIREBREAK_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) FIREBREAK_THREAD_SAFETY(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() FIREBREAK_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex that the caller holds.
class Condition {
 public:
  // Returns after a notification, a stop request, or for no reason: callers loop.
  void wait(Mutex& mutex, std::stop_token stop) REQUIRES(mutex) {
    changed_.wait(mutex, stop, [woken = false]() mutable { return std::exchange(woken, true); });
  }
  void notify_one() { changed_.notify_one(); }
  void notify_all() { changed_.notify_all(); }

 private:
  std::condition_variable_any changed_;
};

}  // namespace firebreak
