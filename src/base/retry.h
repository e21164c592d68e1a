// The tries of one call over failures that pass: when to come back, and when to give up.
#pragma once

#include <functional>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace firebreak {

struct RetryPolicy {
  std::chrono::milliseconds give_up_after = std::chrono::minutes(15);  // since the first failure
  std::chrono::milliseconds first_wait = std::chrono::milliseconds(500);
  std::chrono::milliseconds wait_max = std::chrono::minutes(1);
  // Told before each wait, from any thread; may be absent.
  std::function<void(const Error& failure, Nanoseconds wait)> on_wait = {};
};

// Waits double and vary by chance, and are never shorter than the other side asked. Borrows the
// policy and the clock.
class Tries {
 public:
  // `seed` decides how the waits vary; programs that share a service use different ones, so that
  // they do not come back all at once.
  Tries(const RetryPolicy& policy, Clock& clock, std::uint64_t seed)
      : policy_(policy), clock_(clock), random_(seed), next_wait_(policy.first_wait) {}

  bool is_first() const { return failures_ == 0; }

  // Waits for the next try. The failure itself when the time is up, Canceled when stopped.
  Result<void> wait_after(Error failure, std::stop_token stop);

  // The call got on: what fails now is a first failure again.
  void start_over();

 private:
  Nanoseconds vary(Nanoseconds wait);

  const RetryPolicy& policy_;
  Clock& clock_;
  Random random_;
  Nanoseconds next_wait_;
  Nanoseconds first_failure_{};
  unsigned failures_ = 0;
};

}  // namespace firebreak
