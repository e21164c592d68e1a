// Time comes in by constructor, so that a test decides what time it is.
#pragma once

#include <chrono>
#include <stop_token>

#include "base/mutex.h"

namespace firebreak {

using Nanoseconds = std::chrono::nanoseconds;
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;  // UTC

class Clock {
 public:
  virtual ~Clock() = default;
  // What a calendar says; may jump.
  virtual WallTime now() const = 0;
  // Since boot, suspend included; never jumps. Tells how old a lock really is.
  virtual Nanoseconds since_boot() const = 0;
  // Returns false when asked to stop before the time was over.
  virtual bool wait(Nanoseconds duration, std::stop_token stop) = 0;
};

// The machine's clock.
Clock& system_clock();

// A clock that stands still until told; wait() advances it at once. For any number of threads.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime start) : now_(start) {}
  WallTime now() const override;
  Nanoseconds since_boot() const override;
  bool wait(Nanoseconds duration, std::stop_token stop) override;
  void advance(Nanoseconds duration);
  // Moves the calendar alone, as an operator or a time server does.
  void jump(Nanoseconds by);

 private:
  mutable Mutex mutex_;
  WallTime now_ GUARDED_BY(mutex_);
  Nanoseconds since_boot_ GUARDED_BY(mutex_){};
};

}  // namespace firebreak
