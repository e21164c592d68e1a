#include <algorithm>
#include <unistd.h>

#include "cli/backup_options.h"
#include "cli/backup_source.h"
#include "cli/child_process.h"
#include "cli/commands.h"
#include "cli/units.h"
#include "snapshot/archive_plan.h"
#include "snapshot/snapshot_group.h"

namespace firebreak {
namespace {

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
  console.say(fmt::format("processed {}, {} in {}", counted(summary.total_files_processed, "file"),
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
    const std::uint64_t rate = this->rate();  // once: it may come down to 0
    if (expected_ <= bytes || rate == 0) return std::nullopt;
    return (expected_ - bytes) / rate;
  }

  const ArchiveProgress& progress_;
  const std::uint64_t expected_;
  Clock& clock_;
  const Nanoseconds began_;
};

Result<ArchiveReport> save_stream(Session& session, const OpenedRepository& opened,
                                  const BackupOptions& options, const ArchiveOptions& archive,
                                  ArchiveProgress& progress) {
  StreamSource source{.fd = STDIN_FILENO, .name = options.stdin_filename};
  std::optional<ChildProcess> child;
  if (options.from_command) {
    child.emplace(TRY(ChildProcess::start(options.targets).context("no snapshot was made")));
    source.fd = child->output();
    source.is_whole = [&child] { return child->wait().context("no snapshot was made"); };
  }
  return archive_stream(*opened.repository, opened.lock.get(), source, archive, progress,
                        session.clock(), session.stop());
}

Result<ExitCode> backup(Session& session, const BackupOptions& options) {
  BackupRequest request = TRY(read_backup_request(options, session));
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
        "{} of the index missing or of a wrong size; what they held is stored anew; see firebreak "
        "check",
        counted(wrong, "pack")));
  }
  if (!options.parent.empty()) {
    archive.parent = TRY(choose_snapshot(all, options.parent, {}));
  } else if (!options.force && !options.from_stdin && !options.from_command) {
    archive.parent = find_parent(all, group_by, archive, session.clock().now());
  }
  if (archive.parent) {
    session.console().say(fmt::format("parent snapshot {}", archive.parent->id.brief()));
  }
  ArchiveProgress progress;
  const ProgressText shown(progress, expected_bytes(archive), session.clock());
  Result<ArchiveReport> archived = [&]() -> Result<ArchiveReport> {
    const ProgressDisplay display(
        session.console(), session.clock(), [&] { return shown.text(); },
        [&] { return shown.json(); });
    if (options.from_stdin || options.from_command) {
      return save_stream(session, opened, options, archive, progress);
    }
    return firebreak::archive(repository, opened.lock.get(), archive, progress, session.clock(),
                              session.stop());
  }();
  const ArchiveReport report = TRY(std::move(archived));
  if (session.console().is_json()) {
    session.console().json(summary_of(report, options.dry_run));
  } else {
    print_summary(session.console(), report, options.dry_run, shown.elapsed());
  }
  if (report.errors + request.missing == 0) return ExitCode::Success;
  session.console().warn(fmt::format("not in the snapshot, or not whole: {}",
                                     counted(report.errors + request.missing, "source")));
  return ExitCode::Incomplete;
}

}  // namespace

void add_backup(Program& program) {
  const auto options = std::make_shared<BackupOptions>();  // owned by the parser and by what runs
  Command command = program.command(
      "backup", "Back up files and folders, or a Firebase project",
      {"firebreak backup -r /srv/backup ~/work --exclude '*.tmp' --tag daily",
       "firebreak backup -r /srv/backup firebase://my-shop --max-reads 1000000",
       "firebreak backup -r /srv/backup --stdin-filename shop.sql --stdin-from-command -- pg_dump "
       "shop"},
      [options](Session& session) {
        return !options->from_command && is_source_url(options->targets)
                   ? backup_source(session, *options)
                   : backup(session, *options);
      });
  add_backup_options(command, *options);
}

}  // namespace firebreak
