// What an unsuccessful answer means to a caller.
#pragma once

#include "net/http_client.h"

namespace firebreak {

// 401 Unauthenticated, 403 Denied, 404 NotFound, 409 and 412 Conflict, 408, 429, 500, 502, 503 and
// 504 Unavailable with what Retry-After asks for, 507 Exhausted, everything else Io. `said` is the
// server's own explanation, see excerpt().
Error status_error(const HttpResponse& response, std::string_view said);

// The beginning of what a server said, on one line and safe to print.
std::string excerpt(std::string_view text);

// Both spellings of Retry-After; a date counts from the answer's own Date, so that a wrong clock
// does not matter. At most a day.
std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response);

// The answer's own Date.
std::optional<std::chrono::sys_seconds> server_time(const HttpResponse& response);

}  // namespace firebreak
