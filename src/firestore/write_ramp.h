// How fast a database may be written to: Firestore asks those who write much to begin at 500
// documents a second and to go up by half every five minutes, while it spreads the load.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace firebreak {

// Thread-safe. Borrows the clock.
class WriteRamp {
 public:
  // Documents a second to begin with; 0 is no limit.
  WriteRamp(unsigned initial_rate, Clock& clock)
      : initial_rate_(initial_rate), clock_(clock), began_(clock.since_boot()), free_at_(began_) {}

  // Waits for the turn of so many writes; Canceled when stopped before.
  Result<void> wait_turn(std::size_t writes, std::stop_token stop);

 private:
  double rate(Nanoseconds now) const;

  const unsigned initial_rate_;
  Clock& clock_;
  const Nanoseconds began_;
  Mutex mutex_;
  Nanoseconds free_at_ GUARDED_BY(mutex_);
};

}  // namespace firebreak
