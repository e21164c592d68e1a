#include "cli/session.h"

#include <filesystem>
#include <pwd.h>
#include <unistd.h>

#include "backend/caching.h"
#include "backend/open.h"
#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/units.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

constexpr std::size_t kLocationFileMax = 64 * 1024;

std::uint64_t random_seed() {
  std::byte raw[8];
  fill_secret(raw);
  return load_le64(raw);
}

bool is_no_folder(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_directory(status);
}

Result<std::uint64_t> bytes_of(std::string_view option, std::uint64_t kib) {
  constexpr std::uint64_t kKibMax = std::uint64_t{1} << 50;
  if (kib <= kKibMax) return kib * 1024;
  return error(Code::Invalid, "{} {}: more than any network can; 0 is unlimited", option, kib);
}

bool is_local(const Location& location) {
  return std::holds_alternative<LocalLocation>(location);
}

Error with_way_out(const Error& problem, std::string_view way_out) {
  return error(problem.code(), "{}; {}", problem.message(), way_out).on(problem.side());
}

}  // namespace

Session::Session(const GlobalOptions& options, const Environment& environment, Console& console,
                 Clock& clock, std::stop_token stop)
    : options_(options),
      environment_(environment),
      console_(console),
      clock_(clock),
      stop_(std::move(stop)) {}

Session::~Session() {
  for (const std::string& folder : temporary_) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
}

Identity Session::identity() const {
  Identity here;
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) == 0) here.hostname = name;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  here.username = found != nullptr ? found->pw_name : variable(environment_, "USER");
  return here;
}

Result<std::string> Session::location(const RepositoryOptions& repository) const {
  if (!repository.location.empty() && !repository.location_file.empty()) {
    return error(Code::Invalid, "--repo or --repository-file, not both");
  }
  if (!repository.location.empty()) return repository.location;
  if (!repository.location_file.empty()) {
    const Bytes file =
        TRY(read_file(repository.location_file, kLocationFileMax).context("repository file"));
    std::string_view text = as_text(file);
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) return error(Code::Invalid, "{} is empty", repository.location_file);
    return std::string(text);
  }
  return error(Code::Invalid,
               "which repository? give -r PATH (or s3:…, gs:…, rest:…), or set "
               "FIREBREAK_REPOSITORY");
}

Result<std::unique_ptr<Backend>> Session::open_backend(const std::string& location) const {
  const Location place = TRY(parse_location(location));
  BackendOptions backend;
  backend.limits.connections = options_.connections;
  backend.limits.upload_bytes_per_second =
      TRY(bytes_of("--limit-upload", options_.limit_upload_kib));
  backend.limits.download_bytes_per_second =
      TRY(bytes_of("--limit-download", options_.limit_download_kib));
  backend.retry.give_up_after = TRY(parse_span(options_.retry_for).context("--retry-for"));
  backend.retry.on_wait = [this](const Error& problem, Nanoseconds wait) {
    console_.warn(fmt::format(
        "{}; trying again in {} s", problem.message(),
        std::chrono::duration_cast<std::chrono::seconds>(wait + std::chrono::milliseconds(500))
            .count()));
  };
  backend.ca_file = options_.ca_file;
  backend.seed = random_seed();
  return firebreak::open_backend(place, backend, environment_, clock_);
}

Result<OpenedRepository> Session::open(std::optional<LockKind> lock, Cache cache) {
  return open(options_.repository, "FIREBREAK", lock, cache);
}

Result<OpenedRepository> Session::open_to_read(LockKind kind, Cache cache) {
  OpenedRepository opened = TRY(open(std::nullopt, cache));
  if (options_.no_lock) return opened;
  Result<std::unique_ptr<RepositoryLock>> held = lock(opened, kind);
  if (failed_with(held, Code::Denied) || failed_with(held, Code::Exhausted)) {
    return error(held.error().code(),
                 "{}; to read a repository that nobody writes to, give --no-lock",
                 held.error().message());
  }
  opened.lock = TRY(std::move(held));
  return opened;
}

Result<OpenedRepository> Session::open_to_change(LockKind lock, bool dry_run) {
  if (!options_.no_lock) return open(lock);
  if (dry_run) return open(std::nullopt);
  return error(Code::Invalid,
               "changing a repository without a lock could break what others do in it; --no-lock "
               "goes with reading and dry runs only");
}

PasswordSource Session::password_source(const RepositoryOptions& repository,
                                        const std::string& variable_prefix) const {
  return {repository.password_file, repository.password_command, variable_prefix + "_PASSWORD",
          variable_prefix == "FIREBREAK_FROM" ? "--from-password" : "--password",
          "password of the repository"};
}

Result<OpenedRepository> Session::open(const RepositoryOptions& repository,
                                       const std::string& variable_prefix,
                                       std::optional<LockKind> lock_kind, Cache cache) {
  const std::string where = TRY(location(repository));
  const Location place = TRY(parse_location(where));
  Result<OpenedRepository> opened =
      open_at(place, where, repository, variable_prefix, lock_kind, cache);
  if (!failed_with(opened, Code::Denied) || !is_local(place)) return opened;
  return with_way_out(opened.error(), "run this as the user whose repository it is");
}

Result<OpenedRepository> Session::open_at(const Location& place, const std::string& where,
                                          const RepositoryOptions& repository,
                                          const std::string& variable_prefix,
                                          std::optional<LockKind> lock_kind, Cache cache) {
  OpenedRepository opened;
  opened.backend = TRY(open_backend(where));
  const bool keeps_cache = cache == Cache::Use && !options_.no_cache;
  CacheFolder folder = TRY(keeps_cache ? cache_root() : temporary_folder());
  if (keeps_cache) {
    folder.instead = [this](const Error& problem) { return cache_instead(problem); };
  }
  if (keeps_cache && !is_local(place)) {
    const std::string key = to_hex(sha256(as_bytes(opened.backend->location()))).substr(0, 32);
    opened.backend =
        caching(std::move(opened.backend), fmt::format("{}/files-{}", folder.path, key));
  }
  // Whether there is a repository is asked before the password is.
  Result<FileInfo> config = opened.backend->stat(config_file(), stop_);
  if (failed_with(config, Code::NotFound)) {
    if (is_local(place) && is_no_folder(opened.backend->location())) {
      opening_failed_ = ExitCode::NoRepository;
      return error(Code::NotFound, "{} is a file; a repository is a folder",
                   opened.backend->location());
    }
    Error problem = Repository::missing_config(*opened.backend, stop_);
    if (problem.code() != Code::NotFound) return problem;
    opening_failed_ = ExitCode::NoRepository;
    if (&repository != &options_.repository) return problem;
    return error(Code::NotFound, "{}; to make one, run: firebreak init -r {}", problem.message(),
                 opened.backend->location());
  }
  if (!config.ok() && !is_local(place)) {
    return std::move(config).error().within(opened.backend->location());
  }
  TRY(std::move(config));
  const std::string password = TRY(read_password(password_source(repository, variable_prefix),
                                                 PasswordUse::Existing, environment_, stop_));
  Result<std::unique_ptr<Repository>> result =
      Repository::open(*opened.backend, password, repository.key_hint, std::move(folder), stop_);
  if (failed_with(result, Code::Unauthenticated)) opening_failed_ = ExitCode::WrongPassword;
  opened.repository = TRY(std::move(result).context("{}", opened.backend->location()));
  if (!lock_kind) return opened;
  Result<std::unique_ptr<RepositoryLock>> held = lock(opened, *lock_kind);
  if (failed_with(held, Code::Exhausted)) {
    return with_way_out(held.error(),
                        "even what frees space writes a lock first: make some KiB of room there");
  }
  opened.lock = TRY(std::move(held));
  return opened;
}

Result<std::unique_ptr<RepositoryLock>> Session::lock(OpenedRepository& opened, LockKind kind) {
  if (options_.no_lock && kind == LockKind::Shared) return std::unique_ptr<RepositoryLock>();
  RepositoryLock::Options lock{
      .kind = kind, .by = identity(), .version = opened.repository->version()};
  if (!options_.retry_lock.empty()) {
    lock.retry_for = TRY(parse_span(options_.retry_lock).context("--retry-lock"));
  }
  lock.on_left = [this](const Error& problem) {
    if (!stop_.stop_requested()) return;  // its removal was given all of --retry-for
    console_.warn(
        fmt::format("the lock of this command stays, to be removed by firebreak unlock: {}",
                    problem.message()));
  };
  Result<std::unique_ptr<RepositoryLock>> held =
      RepositoryLock::acquire(*opened.backend, opened.repository->sealer(), lock, clock_, stop_);
  if (failed_with(held, Code::Conflict)) opening_failed_ = ExitCode::Locked;
  return held;
}

Result<std::vector<FoundSnapshot>> Session::load_snapshots_and_index(Repository& repository,
                                                                     const BrokenSnapshot& broken) {
  std::vector<FoundSnapshot> snapshots = TRY(load_snapshots(repository, broken, stop_));
  TRY(repository.load_index(OnBroken::Fail, stop_));
  return snapshots;
}

BrokenSnapshot Session::pass_over() const {
  return [this](const std::string& name, const Error& problem) -> Result<void> {
    console_.warn(fmt::format("{}; passed over, see firebreak check", problem.message()),
                  "snapshot " + name.substr(0, 8));
    return {};
  };
}

ExitCode Session::exit_code(const Error& problem) const {
  if (problem.code() == Code::Canceled) return ExitCode::Interrupted;
  return opening_failed_.value_or(ExitCode::Failure);
}

Result<std::string> Session::cache_root() const {
  if (!options_.cache_folder.empty()) return options_.cache_folder;
  return default_cache_folder(environment_);
}

Result<std::string> Session::temporary_folder() {
  const std::string parent = variable(environment_, "TMPDIR");
  std::string folder = (parent.empty() ? "/tmp" : parent) + "/firebreak-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) {
    return errno_error(errno, "make a temporary folder (TMPDIR names another place)", folder);
  }
  temporary_.push_back(folder);
  return folder;
}

Result<std::string> Session::cache_instead(const Error& problem) {
  Result<std::string> folder = temporary_folder().context("{}", problem.message());
  if (folder.ok()) {
    console_.warn(
        fmt::format("{}; going on with a temporary one, as --no-cache does", problem.message()));
  }
  return folder;
}

Result<std::string> default_cache_folder(const Environment& environment) {
  const std::string cache = variable(environment, "XDG_CACHE_HOME");
  if (!cache.empty()) return cache + "/firebreak";
  const std::string home = variable(environment, "HOME");
  if (!home.empty()) return home + "/.cache/firebreak";
  return error(Code::Invalid,
               "no place for the cache: set HOME or XDG_CACHE_HOME, or give --cache-dir or "
               "--no-cache");
}

}  // namespace firebreak
