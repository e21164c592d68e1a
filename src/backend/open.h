// From where a repository lies, as people write it, to a Backend with what real use needs around
// it: bounded calls and rates, retries.
#pragma once

#include "backend/backend.h"
#include "backend/limiting.h"
#include "backend/location.h"
#include "backend/retrying.h"
#include "base/environment.h"

namespace firebreak {

constexpr unsigned kConnectionsMax = 1000;

struct BackendOptions {
  Limits limits = {};
  RetryPolicy retry = {};
  std::string ca_file = {};  // PEM; the system's where empty
  std::uint64_t seed = 0;    // of the waits between retries
};

// Asks nothing of the other side yet. `environment` gives credentials where the location has none.
// Borrows `clock`.
Result<std::unique_ptr<Backend>> open_backend(const Location& location,
                                              const BackendOptions& options,
                                              const Environment& environment, Clock& clock);

}  // namespace firebreak
