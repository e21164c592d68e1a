// What every command starts from: the options that all have, and repositories opened by them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/location.h"
#include "base/environment.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/password.h"
#include "repository/lock.h"
#include "repository/repository.h"
#include "snapshot/snapshot.h"

namespace firebreak {

// Names one repository and what opens it.
struct RepositoryOptions {
  std::string location;
  std::string location_file;
  std::string password_file;
  std::string password_command;
  std::string key_hint;
};

struct GlobalOptions {
  RepositoryOptions repository;
  bool json = false;
  bool quiet = false;
  int verbosity = 0;
  bool no_lock = false;
  bool no_cache = false;
  std::string cache_folder;
  std::string ca_file;
  std::string retry_lock;
  std::string retry_for = "15m";
  unsigned connections = 0;
  std::uint64_t limit_upload_kib = 0;    // a second; 0 is unlimited
  std::uint64_t limit_download_kib = 0;  // a second; 0 is unlimited
};

// A repository with what it stands on, and the lock a command holds; destroyed in this order.
struct OpenedRepository {
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Repository> repository;
  std::unique_ptr<RepositoryLock> lock;  // none with --no-lock
};

enum class Cache { Use, Distrust };

class Session {
 public:
  Session(const GlobalOptions& options, const Environment& environment, Console& console,
          Clock& clock, std::stop_token stop);
  ~Session();

  Console& console() const { return console_; }
  Clock& clock() const { return clock_; }
  const Environment& environment() const { return environment_; }
  std::stop_token stop() const { return stop_; }
  const GlobalOptions& options() const { return options_; }
  // This user on this machine, as locks and snapshots name it.
  Identity identity() const;

  // Where -r or the environment points; Invalid where nothing does.
  Result<std::string> location(const RepositoryOptions& repository) const;
  // With retries and limits; nothing is asked of it yet.
  Result<std::unique_ptr<Backend>> open_backend(const std::string& location) const;

  // The repository that -r names, opened and, unless told otherwise, locked. With
  // Cache::Distrust the index is built from what the repository holds now.
  Result<OpenedRepository> open(std::optional<LockKind> lock, Cache cache = Cache::Use);
  // Another one; `variable_prefix` is that of its environment variables ("FIREBREAK_FROM").
  Result<OpenedRepository> open(const RepositoryOptions& repository,
                                const std::string& variable_prefix, std::optional<LockKind> lock,
                                Cache cache = Cache::Use);
  // As open(kind), for commands that only read: --no-lock is heeded, and offered where no lock can
  // be written.
  Result<OpenedRepository> open_to_read(LockKind kind = LockKind::Shared, Cache cache = Cache::Use);
  // As open(lock), for commands that change what is there: Invalid with --no-lock, which goes with
  // a dry run only and then takes none.
  Result<OpenedRepository> open_to_change(LockKind lock, bool dry_run);
  Result<std::unique_ptr<RepositoryLock>> lock(OpenedRepository& opened, LockKind kind);
  PasswordSource password_source(const RepositoryOptions& repository,
                                 const std::string& variable_prefix) const;

  // Snapshots, oldest first, and then the index that must cover them; a damaged index file ends it.
  Result<std::vector<FoundSnapshot>> load_snapshots_and_index(Repository& repository,
                                                              const BrokenSnapshot& broken);
  // For commands that do without such a snapshot: a warning.
  BrokenSnapshot pass_over() const;

  // The code that an error of this session's command ends with.
  ExitCode exit_code(const Error& problem) const;

  // A new one, gone at the end of this session.
  Result<std::string> temporary_folder();

 private:
  Result<OpenedRepository> open_at(const Location& place, const std::string& where,
                                   const RepositoryOptions& repository,
                                   const std::string& variable_prefix, std::optional<LockKind> lock,
                                   Cache cache);
  Result<std::string> cache_root() const;
  // temporary_folder() in place of a cache that cannot be written, which is said.
  Result<std::string> cache_instead(const Error& problem);

  const GlobalOptions& options_;
  const Environment& environment_;
  Console& console_;
  Clock& clock_;
  std::stop_token stop_;
  std::optional<ExitCode> opening_failed_;
  std::vector<std::string> temporary_;  // folders that end with this session
};

// Where snapshot files and index tables of any repository may lie: --cache-dir, or
// XDG_CACHE_HOME/firebreak, or HOME/.cache/firebreak.
Result<std::string> default_cache_folder(const Environment& environment);

}  // namespace firebreak
