#include "firestore/firestore_time.h"

namespace firebreak {

google::protobuf::Timestamp to_message(FirestoreTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  google::protobuf::Timestamp message;
  message.set_seconds(seconds.time_since_epoch().count());
  message.set_nanos(static_cast<std::int32_t>(std::chrono::nanoseconds(time - seconds).count()));
  return message;
}

std::optional<FirestoreTime> to_time(const google::protobuf::Timestamp& message) {
  constexpr std::int64_t kYear1 = -62135596800;
  constexpr std::int64_t kYear10000 = 253402300800;
  if (message.seconds() < kYear1 || message.seconds() >= kYear10000 || message.nanos() < 0 ||
      message.nanos() >= 1'000'000'000) {
    return std::nullopt;
  }
  return FirestoreTime(std::chrono::seconds(message.seconds()) +
                       std::chrono::microseconds(message.nanos() / 1000));
}

}  // namespace firebreak
