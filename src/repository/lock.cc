#include "repository/lock.h"

#include <cerrno>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include "base/rfc3339.h"
#include "base/text.h"
#include "base/thread.h"
#include "repository/out_of_place.h"
#include "repository/unpacked.h"

namespace firebreak {
namespace {

using Json = nlohmann::ordered_json;

// Two writers that checked before either wrote see each other after this long.
constexpr std::chrono::milliseconds kSettle{200};
constexpr std::chrono::seconds kRetryInterval{5};
// How long an interrupted command goes on trying to remove its lock.
constexpr std::chrono::seconds kReleaseGrace{4};

bool is_of_this_host(const LockInfo& lock, const Identity& here) {
  return lock.by.hostname == here.hostname && lock.pid > 0 && lock.pid <= INT32_MAX;
}

// Whether its process ran on this host, and does no more.
bool is_gone(const LockInfo& lock, const Identity& here) {
  if (!is_of_this_host(lock, here)) return false;
  return ::kill(static_cast<pid_t>(lock.pid), 0) != 0 && errno == ESRCH;
}

// What to do about a lock in the way.
std::string_view way_out(const LockInfo& lock, WallTime now, const Identity& here) {
  if (is_gone(lock, here)) return "that process is gone; run: firebreak unlock";
  if (is_stale(lock, now, here)) {
    return "nobody has refreshed it for half an hour; run: firebreak unlock";
  }
  if (lock.time > now) {
    return "a lock from the future never grows stale; once nobody works on the repository, run: "
           "firebreak unlock --remove-all";
  }
  if (is_of_this_host(lock, here)) {
    return "that process is running: wait for it (--retry-lock); if it is another program by now, "
           "run: firebreak unlock --remove-all";
  }
  return "wait for it (--retry-lock); if that process is gone, run half an hour from then: "
         "firebreak unlock, or at once: firebreak unlock --remove-all";
}

Error in_the_way(const LockInfo& lock, WallTime now, const Identity& here) {
  const auto age = std::chrono::floor<std::chrono::seconds>(now) -
                   std::chrono::floor<std::chrono::seconds>(lock.time);
  const std::string ago = age.count() >= 0
                              ? fmt::format("{} s", age.count())
                              : fmt::format("{} s ahead of this machine's clock", -age.count());
  return error(Code::Conflict,
               "the repository is locked {} by {}@{} (process {}) since {} ({}); {}",
               lock.exclusive ? "exclusively" : "for reading or writing",
               printable(lock.by.username), printable(lock.by.hostname), lock.pid,
               format_rfc3339(lock.time), ago, way_out(lock, now, here))
      .on(Side::Repository);
}

Result<bool> is_listed(Backend& backend, const std::string& name, std::stop_token stop) {
  bool listed = false;
  const auto compare = [&](const FileInfo& file) -> Result<void> {
    listed = listed || file.name == name;
    return {};
  };
  TRY(backend.list(FileType::Lock, compare, std::move(stop)).on(Side::Repository));
  return listed;
}

}  // namespace

std::string encode_lock(const LockInfo& lock) {
  Json json;
  json["time"] = format_rfc3339(lock.time);
  json["exclusive"] = lock.exclusive;
  json["hostname"] = lock.by.hostname;
  json["username"] = lock.by.username;
  json["pid"] = lock.pid;
  if (lock.uid != 0) json["uid"] = lock.uid;
  if (lock.gid != 0) json["gid"] = lock.gid;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<LockInfo> parse_lock(ByteView text) {
  const Json json = Json::parse(as_text(text), nullptr, false);
  if (!json.is_object()) return error(Code::Corrupt, "a lock that is no JSON object");
  const auto time = json.find("time");
  const auto exclusive = json.find("exclusive");
  if (time == json.end() || !time->is_string() || exclusive == json.end() ||
      !exclusive->is_boolean()) {
    return error(Code::Corrupt, "a lock without time or kind");
  }
  LockInfo lock;
  const FileTime parsed = TRY(parse_rfc3339(time->get_ref<const std::string&>()));
  lock.time = TRY(parsed.to_wall());
  lock.exclusive = exclusive->get<bool>();
  const auto text_or_empty = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number_or_zero = [&](const char* name) -> std::int64_t {
    const auto found = json.find(name);
    return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  };
  lock.by = {text_or_empty("username"), text_or_empty("hostname")};
  lock.pid = number_or_zero("pid");
  lock.uid = static_cast<std::uint32_t>(number_or_zero("uid"));
  lock.gid = static_cast<std::uint32_t>(number_or_zero("gid"));
  return lock;
}

bool is_stale(const LockInfo& lock, WallTime now, const Identity& here) {
  // A lock's time may be any that fits, and its age may not fit then.
  if (lock.time < now - kLockStaleAfter) return true;
  return is_gone(lock, here);
}

Result<std::vector<FoundLock>> list_locks(Backend& backend, const Sealer& sealer,
                                          std::stop_token stop) {
  const std::vector<FileInfo> files =
      TRY(list_all(backend, FileType::Lock, stop).on(Side::Repository));
  std::vector<FoundLock> locks;
  for (const FileInfo& file : files) {
    if (file.size == 0) continue;  // what a crash of an old restic leaves
    const FileName name{FileType::Lock, file.name};
    Result<Bytes> json = load_unpacked(backend, sealer, name, stop);
    if (failed_with(json, Code::NotFound)) continue;  // released or refreshed since
    const Bytes text = TRY(std::move(json));
    const LockInfo info = TRY(parse_lock(text).context("{}", to_string(name)).on(Side::Repository));
    const LockId id = TRY(LockId::parse(file.name));
    locks.push_back({id, info});
  }
  return locks;
}

Result<std::size_t> remove_locks(Backend& backend, const Sealer& sealer, bool all, WallTime now,
                                 const Identity& here, std::stop_token stop) {
  std::vector<LockId> doomed;
  if (all) {
    // By name, so that a damaged lock file can be removed too.
    for (const FileInfo& file : TRY(list_all(backend, FileType::Lock, stop))) {
      const FileName name{FileType::Lock, file.name};
      const Result<Bytes> opened = load_unpacked(backend, sealer, name, stop);
      if (failed_with(opened, Code::Corrupt)) TRY(refuse_if_whole(backend, name, stop));
      const LockId id = TRY(LockId::parse(file.name));
      doomed.push_back(id);
    }
  } else {
    for (const FoundLock& lock : TRY(list_locks(backend, sealer, stop))) {
      if (is_stale(lock.info, now, here)) doomed.push_back(lock.id);
    }
  }
  for (const LockId& id : doomed) {
    Result<void> removed = backend.remove({FileType::Lock, id.hex()}, stop);
    if (!failed_with(removed, Code::NotFound)) TRY(std::move(removed).on(Side::Repository));
  }
  return doomed.size();
}

RepositoryLock::RepositoryLock(Backend& backend, const Sealer& sealer, Options options,
                               Clock& clock, std::stop_token stop)
    : backend_(backend),
      sealer_(sealer),
      options_(std::move(options)),
      clock_(clock),
      stop_(std::move(stop)) {}

Result<std::unique_ptr<RepositoryLock>> RepositoryLock::acquire(Backend& backend,
                                                                const Sealer& sealer,
                                                                Options options, Clock& clock,
                                                                std::stop_token stop) {
  const Nanoseconds deadline = clock.since_boot() + options.retry_for;
  std::unique_ptr<RepositoryLock> lock(
      new RepositoryLock(backend, sealer, std::move(options), clock, stop));
  while (true) {
    std::optional<LockInfo> other = TRY(lock->other_in_the_way(stop));
    if (!other) {
      TRY(lock->write(stop));
      if (!clock.wait(kSettle, stop)) return error(Code::Canceled, "stopped");
      other = TRY(lock->other_in_the_way(stop));
    }
    if (!other) break;
    const Identity& here = lock->options_.by;
    // A process that is gone releases nothing: there is nothing to wait for.
    if (is_gone(*other, here) || clock.since_boot() + kRetryInterval > deadline) {
      return in_the_way(*other, clock.now(), here);
    }
    lock = std::unique_ptr<RepositoryLock>(
        new RepositoryLock(backend, sealer, lock->options_, clock, stop));
    if (!clock.wait(kRetryInterval, stop)) return error(Code::Canceled, "stopped");
  }
  if (lock->options_.refreshes_itself) {
    lock->refresher_ = TRY(
        start_thread([raw = lock.get()](std::stop_token stopped) { raw->keep_fresh(stopped); }));
  }
  return lock;
}

RepositoryLock::~RepositoryLock() {
  refresher_ = {};  // stops and joins
  const MutexLock lock(mutex_);
  if (name_.empty()) return;
  const Result<void> removed = remove_own(name_);
  // What cannot be removed here goes stale, and `unlock` says so.
  if (removed.ok() || failed_with(removed, Code::NotFound)) return;
  if (options_.on_left) options_.on_left(removed.error());
}

Result<void> RepositoryLock::remove_own(const std::string& name) {
  std::stop_source give_up;
  std::jthread timer;
  const std::stop_callback when_interrupted(stop_, [&] {
    Result<std::jthread> started = start_thread([&](std::stop_token done) {
      if (clock_.wait(kReleaseGrace, done)) give_up.request_stop();
    });
    if (started.ok()) timer = std::move(*started);
  });
  return backend_.remove({FileType::Lock, name}, give_up.get_token());
}

Result<std::optional<LockInfo>> RepositoryLock::other_in_the_way(std::stop_token stop) {
  std::string own;
  {
    const MutexLock lock(mutex_);
    own = name_;
  }
  Result<std::vector<FoundLock>> locks = list_locks(backend_, sealer_, stop);
  if (failed_with(locks, Code::Corrupt)) {
    return error(Code::Corrupt,
                 "{}; it may be somebody's lock: once nobody works on the repository, run: "
                 "firebreak unlock --remove-all",
                 locks.error().message())
        .on(Side::Repository);
  }
  for (const FoundLock& found : TRY(std::move(locks))) {
    if (found.id.hex() == own) continue;
    if (options_.kind == LockKind::Exclusive || found.info.exclusive) {
      return std::optional<LockInfo>(found.info);
    }
  }
  return std::optional<LockInfo>();
}

Result<void> RepositoryLock::write(std::stop_token stop) {
  const WallTime now = clock_.now();
  const Nanoseconds since_boot = clock_.since_boot();
  const LockInfo info{
      now, options_.kind == LockKind::Exclusive, options_.by, ::getpid(), ::getuid(), ::getgid()};
  const std::string name = TRY(save_unpacked(backend_, sealer_, FileType::Lock,
                                             as_bytes(encode_lock(info)), options_.version, stop)
                                   .context("lock the repository"));
  const MutexLock lock(mutex_);
  name_ = name;
  written_ = now;
  written_since_boot_ = since_boot;
  return {};
}

Result<void> RepositoryLock::refresh(std::stop_token stop) {
  std::string old;
  {
    const MutexLock lock(mutex_);
    old = name_;
  }
  TRY(write(stop));
  Result<void> removed = backend_.remove({FileType::Lock, old}, stop);
  if (failed_with(removed, Code::NotFound)) return {};
  return removed;
}

void RepositoryLock::keep_fresh(std::stop_token stop) {
  while (clock_.wait(kLockRefreshInterval, stop)) {
    // A failure shows in held(), which looks at the age.
    (void)refresh(stop);
  }
}

Result<bool> RepositoryLock::is_in(Backend& backend, std::stop_token stop) {
  std::string name;
  {
    const MutexLock lock(mutex_);
    name = name_;
  }
  return is_listed(backend, name, stop);
}

Result<void> RepositoryLock::held(std::stop_token stop) {
  std::string name;
  {
    const MutexLock lock(mutex_);
    name = name_;
    // The boot clock counts suspended time; the calendar may have been set.
    const bool old = clock_.since_boot() - written_since_boot_ > kLockTrustedFor ||
                     clock_.now() - written_ > kLockTrustedFor;
    if (old) {
      return error(Code::Conflict,
                   "the lock has not been refreshed for more than {} minutes; others may have "
                   "taken it for stale, so nothing more is written; run the command again",
                   kLockTrustedFor.count())
          .on(Side::Repository);
    }
  }
  const bool is_there = TRY(is_listed(backend_, name, stop));
  if (is_there) return {};
  // A refresh may have replaced it between the two steps.
  {
    const MutexLock lock(mutex_);
    if (name_ != name) return {};
  }
  return error(Code::Conflict,
               "the lock of this process was removed by somebody; nothing more is written; run "
               "the command again")
      .on(Side::Repository);
}

}  // namespace firebreak
