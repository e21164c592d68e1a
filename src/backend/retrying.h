// Carries calls over failures that pass. Only Unavailable is tried again, after waits that double
// and vary by chance, and never sooner than the other side asked. What an unheard answer left
// open is settled by looking: a save that finds its name taken on a later try, or whose outcome is
// unknown, compares the bytes; a remove that finds nothing on a later try has done its work.
// Thread-safe.
#pragma once

#include "backend/backend.h"
#include "base/clock.h"

namespace firebreak {

struct RetryPolicy {
  std::chrono::milliseconds give_up_after = std::chrono::minutes(15);  // since the first failure
  std::chrono::milliseconds first_wait = std::chrono::milliseconds(500);
  std::chrono::milliseconds wait_max = std::chrono::minutes(1);
  // Told before each wait, from any thread; may be absent.
  std::function<void(const Error& failure, Nanoseconds wait)> on_wait = {};
};

// `seed` decides how the waits vary; programs that share a store use different ones, so that they
// do not come back all at once. Borrows `clock`.
std::unique_ptr<Backend> retrying(std::unique_ptr<Backend> inner, RetryPolicy policy, Clock& clock,
                                  std::uint64_t seed);

}  // namespace firebreak
