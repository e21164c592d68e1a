#include "firestore/grpc_status.h"

#include <grpc/support/log.h>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::chrono::seconds kQuotaWait{10};

struct Meaning {
  Code code;
  std::string_view words;
};

Meaning meaning_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return {Code::NotFound, "not found"};
    case grpc::StatusCode::PERMISSION_DENIED:
      return {Code::Denied, "permission denied"};
    case grpc::StatusCode::UNAUTHENTICATED:
      return {Code::Unauthenticated, "not authenticated"};
    case grpc::StatusCode::ALREADY_EXISTS:
      return {Code::Conflict, "exists already"};
    case grpc::StatusCode::DATA_LOSS:
      return {Code::Corrupt, "data loss"};
    case grpc::StatusCode::CANCELLED:
      return {Code::Canceled, "canceled"};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {Code::Unavailable, "quota exceeded"};
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::UNKNOWN:
      return {Code::Unavailable, "unavailable"};
    default:
      return {Code::Invalid, "refused"};
  }
}

}  // namespace

Error to_error(const grpc::Status& status, std::string_view what) {
  const Meaning meaning = meaning_of(status.error_code());
  const std::string said = status.error_message();
  Error problem = error(meaning.code, "{}: {}", what,
                        said.empty() ? std::string(meaning.words) : printable(said))
                      .on(Side::Source);
  if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) return problem;
  return std::move(problem).after(kQuotaWait);
}

Error to_error(const grpc::Status& status, std::string_view what, const std::stop_token& stop) {
  if (stop.stop_requested()) return error(Code::Canceled, "stopped");
  // A service that drops calls which nobody canceled is to be tried again.
  if (status.error_code() != grpc::StatusCode::CANCELLED) return to_error(status, what);
  return to_error({grpc::StatusCode::UNAVAILABLE, status.error_message()}, what);
}

void silence_grpc() {
  gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace firebreak
