// How long commands try again to reach a service.
#pragma once

#include "base/retry.h"
#include "cli/session.h"

namespace firebreak {

// By --retry-for; waits are said to the user.
Result<RetryPolicy> retries_of(Session& session);

}  // namespace firebreak
