#include <algorithm>
#include <thread>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/excludes.h"
#include "cli/saving_options.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"
#include "snapshot/archive_plan.h"
#include "snapshot/archiver.h"
#include "snapshot/files_from.h"
#include "snapshot/snapshot_group.h"

namespace firebreak {
namespace {

constexpr std::size_t kListFileMax = 1 << 30;

struct Options {
  std::vector<std::string> targets;
  std::vector<std::string> files_from;
  std::vector<std::string> files_from_verbatim;
  std::vector<std::string> files_from_raw;
  ExcludeOptions excludes;
  SavingOptions saving;
  std::vector<std::string> tags;
  std::string host;
  std::string time;
  std::string parent;
  std::string group_by = "host,paths";
  std::string stdin_filename = "stdin";
  bool from_stdin = false;
  bool force = false;
  bool dry_run = false;
  bool one_file_system = false;
  bool with_access_time = false;
  bool ignore_changed_time = false;
  bool ignore_inode = false;
  bool skip_if_unchanged = false;
};

// What a backup is asked to do, read from options and files before anything is opened.
struct Request {
  ArchiveOptions archive;
  std::uint64_t missing = 0;  // of what lists of files name
};

Result<std::string> working_folder() {
  std::string path(4096, '\0');
  if (::getcwd(path.data(), path.size()) == nullptr) {
    return errno_error(errno, "find", "the current folder");
  }
  path.resize(std::strlen(path.c_str()));
  return path;
}

Result<void> add_expanded(const std::string& file, Request& request, Console& console) {
  const Bytes list = TRY(read_file(file, kListFileMax).context("list of files"));
  for (const std::string& pattern : TRY(parse_files_from(list).context("{}", file))) {
    ExpandedPath found = TRY(expand_path(pattern).context("{}", file));
    for (const Error& problem : found.unreadable) {
      console.warn(problem.message(), pattern);
      ++request.missing;
    }
    if (found.paths.empty()) {
      console.warn("matches nothing", pattern);
      ++request.missing;
    }
    auto& targets = request.archive.targets;
    targets.insert(targets.end(), found.paths.begin(), found.paths.end());
  }
  return {};
}

Result<void> add_listed(const Options& options, Request& request, Console& console) {
  for (const std::string& file : options.files_from) TRY(add_expanded(file, request, console));
  const auto add = [&](const std::vector<std::string>& files, auto parse) -> Result<void> {
    for (const std::string& file : files) {
      const Bytes list = TRY(read_file(file, kListFileMax).context("list of files"));
      std::vector<std::string> paths = TRY(parse(list).context("{}", file));
      auto& targets = request.archive.targets;
      targets.insert(targets.end(), paths.begin(), paths.end());
    }
    return {};
  };
  TRY(add(options.files_from_verbatim, parse_files_from_verbatim));
  TRY(add(options.files_from_raw, parse_files_from_raw));
  return {};
}

Result<Request> read_request(const Options& options, Session& session) {
  Request request;
  ArchiveOptions& archive = request.archive;
  const bool any_target = !options.targets.empty() || !options.files_from.empty() ||
                          !options.files_from_verbatim.empty() || !options.files_from_raw.empty();
  if (options.from_stdin && any_target) {
    return error(Code::Invalid, "--stdin or files, not both");
  }
  if (!options.from_stdin && !any_target) {
    return error(Code::Invalid, "nothing to back up; name a file or folder, or give --stdin");
  }
  archive.working_folder = TRY(working_folder());
  archive.targets = options.targets;
  TRY(add_listed(options, request, session.console()));
  Excludes excludes = TRY(read_excludes(options.excludes, archive.working_folder, session));
  archive.excludes = std::move(excludes.patterns);
  archive.select = std::move(excludes.select);
  archive.saving = TRY(saving_of(options.saving));
  archive.saving.dry_run = options.dry_run;
  archive.dry_run = options.dry_run;
  archive.one_file_system = options.one_file_system;
  archive.with_access_time = options.with_access_time;
  archive.ignore_changed_time = options.ignore_changed_time;
  archive.ignore_inode = options.ignore_inode;
  archive.skip_if_unchanged = options.skip_if_unchanged;
  archive.by = session.identity();
  if (!options.host.empty()) archive.by.hostname = options.host;
  for (const std::string& list : options.tags) {
    for (std::string& tag : split_tags(list)) {
      if (!tag.empty()) archive.tags.push_back(std::move(tag));
    }
  }
  if (!options.time.empty()) archive.time = TRY(parse_time(options.time).context("--time"));
  archive.program_version = "firebreak " FIREBREAK_VERSION;
  archive.workers = std::max(2U, std::thread::hardware_concurrency());
  archive.on_error = [&session](const std::string& path, const Error& problem) {
    session.console().warn(problem.message(), path);
  };
  return request;
}

// The newest snapshot that is alike in what `by` asks for and not newer than the one to be made.
std::optional<FoundSnapshot> find_parent(const std::vector<FoundSnapshot>& all, GroupBy by,
                                         const ArchiveOptions& archive, WallTime now) {
  Snapshot wanted;
  wanted.hostname = archive.by.hostname;
  wanted.tags = archive.tags;
  for (const std::string& target : archive.targets) {
    wanted.paths.push_back(absolute_path(target, archive.working_folder));
  }
  std::sort(wanted.paths.begin(), wanted.paths.end());
  std::sort(wanted.tags.begin(), wanted.tags.end());
  const FileTime latest = archive.time.value_or(FileTime::from(now));
  for (auto found = all.rbegin(); found != all.rend(); ++found) {
    Snapshot snapshot = found->snapshot;
    std::sort(snapshot.paths.begin(), snapshot.paths.end());
    std::sort(snapshot.tags.begin(), snapshot.tags.end());
    const bool alike = (!by.host || snapshot.hostname == wanted.hostname) &&
                       (!by.paths || snapshot.paths == wanted.paths) &&
                       (!by.tags || snapshot.tags == wanted.tags);
    if (alike && snapshot.time <= latest) return *found;
  }
  return std::nullopt;
}

Json summary_of(const ArchiveReport& report, bool dry_run) {
  const SnapshotSummary summary = report.snapshot.summary.value_or(SnapshotSummary{});
  const FileTime& begin = summary.backup_start;
  const FileTime& end = summary.backup_end;
  const double seconds =
      static_cast<double>((end.seconds - begin.seconds).count()) +
      (static_cast<double>(end.nanoseconds) - static_cast<double>(begin.nanoseconds)) / 1e9;
  Json json{{"message_type", "summary"},
            {"dry_run", dry_run},
            {"files_new", summary.files_new},
            {"files_changed", summary.files_changed},
            {"files_unmodified", summary.files_unmodified},
            {"dirs_new", summary.dirs_new},
            {"dirs_changed", summary.dirs_changed},
            {"dirs_unmodified", summary.dirs_unmodified},
            {"data_blobs", summary.data_blobs},
            {"tree_blobs", summary.tree_blobs},
            {"data_added", summary.data_added},
            {"data_added_packed", summary.data_added_packed},
            {"total_files_processed", summary.total_files_processed},
            {"total_bytes_processed", summary.total_bytes_processed},
            {"total_duration", seconds},
            {"errors", report.errors}};
  if (report.id) json["snapshot_id"] = report.id->hex();
  return json;
}

void print_summary(Console& console, const ArchiveReport& report, bool dry_run, Nanoseconds took) {
  const SnapshotSummary summary = report.snapshot.summary.value_or(SnapshotSummary{});
  console.say(fmt::format("files:   {} new, {} changed, {} unmodified", summary.files_new,
                          summary.files_changed, summary.files_unmodified));
  console.say(fmt::format("folders: {} new, {} changed, {} unmodified", summary.dirs_new,
                          summary.dirs_changed, summary.dirs_unmodified));
  console.say(fmt::format("{}added {}, stored as {}", dry_run ? "would have " : "",
                          format_size(summary.data_added), format_size(summary.data_added_packed)));
  console.say(fmt::format("processed {} files, {} in {}", summary.total_files_processed,
                          format_size(summary.total_bytes_processed), format_span(took)));
  if (report.id) {
    console.line(fmt::format("snapshot {} saved", report.id->brief()));
  } else if (dry_run) {
    console.line("dry run: nothing was stored");
  } else {
    console.line("nothing changed: no snapshot was made");
  }
}

// Bytes that a backup will see, as far as the one before tells; 0 where it does not.
std::uint64_t expected_bytes(const ArchiveOptions& archive) {
  if (!archive.parent || !archive.parent->snapshot.summary) return 0;
  return archive.parent->snapshot.summary->total_bytes_processed;
}

class ProgressText {
 public:
  ProgressText(const ArchiveProgress& progress, std::uint64_t expected, Clock& clock)
      : progress_(progress), expected_(expected), clock_(clock), began_(clock.since_boot()) {}

  Nanoseconds elapsed() const { return clock_.since_boot() - began_; }
  std::string text() const {
    const std::uint64_t bytes = progress_.bytes;
    std::string line = fmt::format("{}  {} files, {}, {}/s", format_span(elapsed()),
                                   progress_.files.load(), format_size(bytes), format_size(rate()));
    if (const auto left = seconds_left()) {
      line += fmt::format(", about {} left", format_span(std::chrono::seconds(*left)));
    }
    if (progress_.errors > 0) line += fmt::format(", {} errors", progress_.errors.load());
    return line;
  }
  Json json() const {
    Json json{
        {"message_type", "status"},
        {"seconds_elapsed", std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count()},
        {"files_done", progress_.files.load()},
        {"bytes_done", progress_.bytes.load()},
        {"bytes_per_second", rate()},
        {"error_count", progress_.errors.load()}};
    if (const auto left = seconds_left()) json["seconds_remaining"] = *left;
    return json;
  }

 private:
  std::uint64_t rate() const {
    const double seconds = std::chrono::duration<double>(elapsed()).count();
    return seconds < 0.001
               ? 0
               : static_cast<std::uint64_t>(static_cast<double>(progress_.bytes.load()) / seconds);
  }
  std::optional<std::uint64_t> seconds_left() const {
    const std::uint64_t bytes = progress_.bytes;
    if (expected_ <= bytes || rate() == 0) return std::nullopt;
    return (expected_ - bytes) / rate();
  }

  const ArchiveProgress& progress_;
  const std::uint64_t expected_;
  Clock& clock_;
  const Nanoseconds began_;
};

Result<ExitCode> backup(Session& session, const Options& options) {
  Request request = TRY(read_request(options, session));
  ArchiveOptions& archive = request.archive;
  const GroupBy group_by = TRY(parse_group_by(options.group_by));
  if (session.options().no_lock && !options.dry_run) {
    return error(Code::Invalid,
                 "a backup without a lock could lose its data to a prune; --no-lock goes with "
                 "--dry-run only");
  }
  const auto opened = TRY(session.open(LockKind::Shared));
  Repository& repository = *opened.repository;
  const std::vector<FoundSnapshot> all =
      TRY(session.load_snapshots_and_index(repository, session.pass_over()));
  const std::size_t wrong = TRY(repository.distrust_unlisted_packs(session.stop()));
  if (wrong > 0) {
    session.console().warn(fmt::format(
        "{} packs of the index are missing or have a wrong size; their blobs are stored anew; see "
        "firebreak check",
        wrong));
  }
  if (!options.parent.empty()) {
    archive.parent = TRY(choose_snapshot(all, options.parent, {}));
  } else if (!options.force && !options.from_stdin) {
    archive.parent = find_parent(all, group_by, archive, session.clock().now());
  }
  if (archive.parent) {
    session.console().say(fmt::format("parent snapshot {}", archive.parent->id.brief()));
  }
  ArchiveProgress progress;
  const ProgressText shown(progress, expected_bytes(archive), session.clock());
  Result<ArchiveReport> archived = [&] {
    const ProgressDisplay display(
        session.console(), session.clock(), [&] { return shown.text(); },
        [&] { return shown.json(); });
    return options.from_stdin
               ? archive_stream(repository, opened.lock.get(), STDIN_FILENO, options.stdin_filename,
                                archive, progress, session.clock(), session.stop())
               : firebreak::archive(repository, opened.lock.get(), archive, progress,
                                    session.clock(), session.stop());
  }();
  const ArchiveReport report = TRY(std::move(archived));
  if (session.console().is_json()) {
    session.console().json(summary_of(report, options.dry_run));
  } else {
    print_summary(session.console(), report, options.dry_run, shown.elapsed());
  }
  if (report.errors + request.missing == 0) return ExitCode::Success;
  session.console().warn(fmt::format("{} sources are not in the snapshot, or not whole",
                                     report.errors + request.missing));
  return ExitCode::Incomplete;
}

void add_source_options(Command command, Options& options) {
  command.add_option("FILE", options.targets, "files and folders to back up");
  command.add_list("--files-from", options.files_from, "file of patterns, one a line");
  command.add_list("--files-from-verbatim", options.files_from_verbatim, "of paths, one a line");
  command.add_list("--files-from-raw", options.files_from_raw, "of paths, each ended by a zero");
  command.add_flag("--stdin", options.from_stdin, "back up standard input as one file");
  command.add_option("--stdin-filename", options.stdin_filename, "its name").capture_default_str();
  add_exclude_options(command, options.excludes);
  command.add_flag("-x,--one-file-system", options.one_file_system,
                   "do not go into other file systems");
}

void add_parent_options(Command command, Options& options) {
  command.add_option("--parent", options.parent,
                     "snapshot whose unchanged files are not read again");
  command.add_option("-g,--group-by", options.group_by, "what a parent must have in common")
      .capture_default_str();
  command.add_flag("-f,--force", options.force, "read every file again");
  command.add_flag("--ignore-ctime", options.ignore_changed_time, "compare size and mtime only");
  command.add_flag("--ignore-inode", options.ignore_inode, "do not compare inode numbers");
  command.add_flag("--with-atime", options.with_access_time, "store times of access");
  command.add_flag("--skip-if-unchanged", options.skip_if_unchanged,
                   "make no snapshot equal to its parent");
}

}  // namespace

void add_backup(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "backup", "Back up files and folders",
      {"firebreak backup -r /srv/backup ~/work --exclude '*.tmp' --tag daily",
       "pg_dump shop | firebreak backup -r /srv/backup --stdin --stdin-filename shop.sql"},
      [options](Session& session) { return backup(session, *options); });
  add_source_options(command, *options);
  add_parent_options(command, *options);
  command.add_list("--tag", options->tags, "tags of the snapshot, a,b; may be repeated");
  command.add_option("-H,--host", options->host, "host name in the snapshot");
  command.add_option("--time", options->time, "time of the snapshot, like 2026-11-25T02:49:59Z");
  command.add_flag("-n,--dry-run", options->dry_run, "store nothing, show what would be stored");
  add_saving_options(command, options->saving);
}

}  // namespace firebreak
