// What parses is encoded and parsed again as the same lock.
#include "repository/lock.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<LockInfo> lock = parse_lock(std::as_bytes(std::span(data, size)));
  if (!lock.ok()) return 0;
  const Result<LockInfo> again = parse_lock(as_bytes(encode_lock(*lock)));
  CHECK(again.ok());
  CHECK(again->time == lock->time && again->exclusive == lock->exclusive);
  CHECK(again->by.hostname == lock->by.hostname && again->by.username == lock->by.username);
  CHECK(again->pid == lock->pid && again->uid == lock->uid && again->gid == lock->gid);
  const WallTime now{std::chrono::hours(500'000)};
  const bool stale = is_stale(*lock, now, {"somebody", "elsewhere"});
  CHECK(lock->time < now - kLockStaleAfter ? stale : true);
  return 0;
}

}  // namespace firebreak
