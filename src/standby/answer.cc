#include "standby/answer.h"

namespace firebreak {

absl::Status status_of(const Error& error) {
  const auto code = [&] {
    switch (error.code()) {
      case Code::Corrupt:
        return absl::StatusCode::kDataLoss;
      case Code::Unavailable:
        return absl::StatusCode::kUnavailable;
      case Code::Exhausted:
        return absl::StatusCode::kResourceExhausted;
      case Code::Canceled:
        return absl::StatusCode::kCancelled;
      default:
        return absl::StatusCode::kInternal;
    }
  }();
  return absl::Status(code, error.message());
}

}  // namespace firebreak
