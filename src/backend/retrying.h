// Carries calls over failures that pass. Only Unavailable is tried again, after waits that double
// and vary by chance, and never sooner than the other side asked. What an unheard answer left
// open is settled by looking: a save that finds its name taken on a later try, or whose outcome is
// unknown, compares the bytes; a remove that finds nothing on a later try has done its work.
// Thread-safe.
#pragma once

#include "backend/backend.h"
#include "base/clock.h"
#include "base/retry.h"

namespace firebreak {

// `seed` as of Tries. Borrows `clock`.
std::unique_ptr<Backend> retrying(std::unique_ptr<Backend> inner, RetryPolicy policy, Clock& clock,
                                  std::uint64_t seed);

}  // namespace firebreak
