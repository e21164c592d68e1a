// What the status of a call means to its caller.
#pragma once

#include <grpcpp/support/status.h>
#include <stop_token>
#include <string_view>

#include "base/result.h"

namespace firebreak {

// Of a status that is not OK. `what` names the call. Unavailable for all that Google's own clients
// try again; where a quota is used up, not before some while.
Error to_error(const grpc::Status& status, std::string_view what);
// Of a call that is canceled where `stop` is requested: Canceled then, and else never.
Error to_error(const grpc::Status& status, std::string_view what, const std::stop_token& stop);

// gRPC writes to standard error what its callers are told anyway.
void silence_grpc();
// Of a call that `stop` may have ended.
Error to_error(const grpc::Status& status, std::string_view what, const std::stop_token& stop);

// gRPC tells standard error what its callers are told anyway; GRPC_VERBOSITY still lets it.
void silence_grpc();

}  // namespace firebreak
