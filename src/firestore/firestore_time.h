// Firestore's times: microseconds, from year 1 to 9999.
#pragma once

#include <chrono>
#include <google/protobuf/timestamp.pb.h>
#include <optional>

#include "base/clock.h"

namespace firebreak {

using FirestoreTime = std::chrono::sys_time<std::chrono::microseconds>;

// By this machine's clock.
inline FirestoreTime firestore_now(Clock& clock) {
  return std::chrono::floor<std::chrono::microseconds>(clock.now());
}

google::protobuf::Timestamp to_message(FirestoreTime time);
// Cut down to microseconds; nothing outside the years 1 to 9999.
std::optional<FirestoreTime> to_time(const google::protobuf::Timestamp& message);

}  // namespace firebreak
