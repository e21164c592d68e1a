// Locks that restic honours, and honouring restic's (restic design.rst, "Locks").
//
// Writers of data hold a shared lock, whoever deletes an exclusive one. A lock is a file; it is
// refreshed by writing a new one before the old is removed. Others may remove a lock that is
// older than half an hour, so whoever deletes or publishes asks held() first.
#pragma once

#include <thread>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mutex.h"
#include "repository/key.h"

namespace firebreak {

struct LockInfo {
  WallTime time;
  bool exclusive = false;
  Identity by;
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

std::string encode_lock(const LockInfo& lock);
Result<LockInfo> parse_lock(ByteView json);

constexpr std::chrono::minutes kLockRefreshInterval{5};
constexpr std::chrono::minutes kLockStaleAfter{30};
// A lock not refreshed for this long may be taken for stale by somebody whose clock is ahead.
constexpr std::chrono::minutes kLockTrustedFor{20};

// True when the lock is older than half an hour, or its process on this host is gone.
bool is_stale(const LockInfo& lock, WallTime now, const Identity& here);

struct FoundLock {
  LockId id;
  LockInfo info;
};

// All lock files but empty ones. An unreadable lock file is an error that names it, because it
// may be somebody's.
Result<std::vector<FoundLock>> list_locks(Backend& backend, const Sealer& sealer,
                                          std::stop_token stop);

// Removes stale locks, or all. Ends with how many.
Result<std::size_t> remove_locks(Backend& backend, const Sealer& sealer, bool all, WallTime now,
                                 const Identity& here, std::stop_token stop);

enum class LockKind { Shared, Exclusive };

// A lock held and refreshed by a thread of its own until it goes out of scope.
class RepositoryLock {
 public:
  struct Options {
    LockKind kind = LockKind::Shared;
    Identity by;
    unsigned version = 2;
    Nanoseconds retry_for{0};      // how long to wait for somebody else's lock, if alive
    bool refreshes_itself = true;  // false: the caller calls refresh()
    // Told that the lock could not be removed when it went out of scope; may be absent.
    std::function<void(const Error& problem)> on_left = {};
  };

  // Conflict names who holds the lock that is in the way, since when, and how to remove it. After
  // a stop request, then or later, the lock's removal is given some seconds and no more.
  static Result<std::unique_ptr<RepositoryLock>> acquire(Backend& backend, const Sealer& sealer,
                                                         Options options, Clock& clock,
                                                         std::stop_token stop);
  ~RepositoryLock();
  RepositoryLock(const RepositoryLock&) = delete;
  RepositoryLock& operator=(const RepositoryLock&) = delete;

  // Before anything is deleted or published: the lock file is still listed, and was written less
  // than kLockTrustedFor ago by calendar and by boot clock. Otherwise Conflict: whoever holds it
  // must stop, somebody may have pruned meanwhile. One listing.
  Result<void> held(std::stop_token stop);

  // Whether `backend` lists this lock: whether it is the repository that the lock is of. One
  // listing.
  Result<bool> is_in(Backend& backend, std::stop_token stop);

  // Writes a new lock file and removes the old one.
  Result<void> refresh(std::stop_token stop);

 private:
  RepositoryLock(Backend& backend, const Sealer& sealer, Options options, Clock& clock,
                 std::stop_token stop);
  Result<void> write(std::stop_token stop);
  Result<std::optional<LockInfo>> other_in_the_way(std::stop_token stop);
  void keep_fresh(std::stop_token stop);
  Result<void> remove_own(const std::string& name);

  Backend& backend_;
  const Sealer sealer_;
  const Options options_;
  Clock& clock_;
  const std::stop_token stop_;  // of whoever holds the lock
  Mutex mutex_;
  std::string name_ GUARDED_BY(mutex_);
  WallTime written_ GUARDED_BY(mutex_);
  Nanoseconds written_since_boot_ GUARDED_BY(mutex_){};
  std::jthread refresher_;
};

}  // namespace firebreak
