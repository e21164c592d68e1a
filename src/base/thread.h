// A thread, or the error that the system grants none: a limit that others may have used up is no
// end of the program, which may hold a lock.
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

#include "base/result.h"

namespace firebreak {

// Exhausted names the limits that may be meant.
Result<std::jthread> start_thread(std::function<void(std::stop_token)> body);

}  // namespace firebreak
