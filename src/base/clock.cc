#include "base/clock.h"

#include <condition_variable>
#include <ctime>
#include <mutex>

namespace firebreak {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  }
  Nanoseconds since_boot() const override {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  }
  bool wait(Nanoseconds duration, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

WallTime FakeClock::now() const {
  const MutexLock lock(mutex_);
  return now_;
}

Nanoseconds FakeClock::since_boot() const {
  const MutexLock lock(mutex_);
  return since_boot_;
}

bool FakeClock::wait(Nanoseconds duration, std::stop_token stop) {
  advance(duration);
  return !stop.stop_requested();
}

void FakeClock::advance(Nanoseconds duration) {
  const MutexLock lock(mutex_);
  now_ += duration;
  since_boot_ += duration;
}

void FakeClock::jump(Nanoseconds by) {
  const MutexLock lock(mutex_);
  now_ += by;
}

}  // namespace firebreak
