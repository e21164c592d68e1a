// What the status of a call means to its caller.
#pragma once

#include <grpcpp/support/status.h>
#include <string_view>

#include "base/result.h"

namespace firebreak {

// Of a status that is not OK. `what` names the call. Unavailable for all that Google's own clients
// try again; where a quota is used up, not before some while.
Error to_error(const grpc::Status& status, std::string_view what);

}  // namespace firebreak
