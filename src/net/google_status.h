// What an unsuccessful answer of a Google service means to a caller.
#pragma once

#include "net/http_client.h"

namespace firebreak {

struct GoogleFailure {
  std::string reason;  // "rateLimitExceeded"; empty where the answer tells none
  std::string message;
};

// Of the JSON that both generations of services answer with; `message` is the text itself where it
// is no such JSON.
GoogleFailure parse_google_failure(ByteView text);

// As status_error(), with the service's own words; 403 for having called too often is Unavailable.
Error google_error(const HttpResponse& response);

}  // namespace firebreak
