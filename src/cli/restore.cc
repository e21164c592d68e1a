#include "snapshot/restore.h"

#include <filesystem>
#include <optional>
#include <thread>
#include <unordered_set>

#include "base/text.h"
#include "base/thread.h"
#include "cli/commands.h"
#include "cli/reading.h"
#include "cli/restore_bucket.h"
#include "cli/restore_config.h"
#include "cli/restore_database.h"
#include "cli/restore_users.h"
#include "cli/selection.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"

namespace firebreak {
namespace {

constexpr int kVerbosityOfEntries = 2;  // -vv

struct Options {
  std::string snapshot;
  std::string target;
  std::string overwrite = "always";
  SelectionOptions selection;
  SnapshotOptions filter;
  bool delete_extra = false;
  bool dry_run = false;
  bool sparse = false;
  bool verify = false;
  ProjectRestoreOptions project;

  bool operator==(const Options&) const = default;
};

// Whether the target is the whole file system, however it is written.
bool is_root(const std::string& target) {
  std::error_code problem;
  const std::filesystem::path real = std::filesystem::weakly_canonical(target, problem);
  return problem ? target == "/" : real == "/";
}

Result<RestoreOptions> read_options(const Options& options, const Environment& environment) {
  if (options.target.empty()) {
    return error(Code::Invalid,
                 "restore to where? give --target FOLDER, or --to firestore://PROJECT/DATABASE, "
                 "gs://BUCKET, auth://PROJECT or config://PROJECT");
  }
  if (options.project != ProjectRestoreOptions{}) {
    return error(Code::Invalid,
                 "--confirm, --mode, --below, --initial-rate, --writers, --no-undo, --with-ttl and "
                 "--firestore-endpoint go with --to");
  }
  if (options.dry_run && options.verify) {
    return error(Code::Invalid, "--dry-run writes nothing that --verify could read");
  }
  RestoreOptions restoring;
  restoring.target = options.target;
  restoring.overwrite = TRY(parse_overwrite(options.overwrite));
  restoring.select = TRY(read_selection(options.selection, environment));
  restoring.delete_extra = options.delete_extra;
  restoring.dry_run = options.dry_run;
  restoring.workers = std::max(2U, std::thread::hardware_concurrency());
  if (options.delete_extra && is_root(options.target) && !restoring.select) {
    return error(Code::Invalid,
                 "--delete with the target / would remove whatever the snapshot does not have from "
                 "this machine; it needs patterns to include or to exclude");
  }
  return restoring;
}

// What a restore came upon, counted as restic does: folders are files too.
struct Counts {
  std::atomic<std::uint64_t> files = 0;
  std::atomic<std::uint64_t> bytes = 0;
};

// How much there is to restore, found out beside the restore for those who watch. A restore that
// ends earlier stops it.
class Expectation {
 public:
  Expectation(const Reading& reading, const BlobId& root, const RestoreOptions& restoring) {
    Result<std::jthread> started =
        start_thread([&reading, root, &restoring, this](std::stop_token stop) {
          TreeVisitor visitor;
          visitor.entry = [&](const std::string& path, const Node& node) -> Result<bool> {
            const Selection wanted = restoring.select ? restoring.select(path, node) : Selection{};
            if (wanted.restore) bytes_ += node.size;
            return wanted.restore || wanted.descend;
          };
          // The restore itself names it.
          visitor.unreadable = [](const std::string&, const Error&) { return Result<void>(); };
          if (walk_tree(reading.repository(), root, visitor, stop).ok()) is_known_ = true;
        });
    // Without a thread nobody knows, and the restore goes on.
    if (started.ok()) walker_ = std::move(*started);
  }

  std::optional<std::uint64_t> bytes() const {
    if (!is_known_) return std::nullopt;
    return bytes_.load();
  }

 private:
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<bool> is_known_ = false;
  std::jthread walker_;  // last: it uses what is above
};

class ProgressText {
 public:
  ProgressText(const RestoreProgress& progress, const Counts& skipped, Clock& clock)
      : progress_(progress), skipped_(skipped), clock_(clock), began_(clock.since_boot()) {}

  Nanoseconds elapsed() const { return clock_.since_boot() - began_; }
  std::string text(std::optional<std::uint64_t> total) const {
    std::string line = fmt::format("{}  {} files, {}", format_span(elapsed()),
                                   progress_.files.load(), format_size(progress_.bytes));
    if (total) line += fmt::format(" of {}", format_size(*total));
    line += fmt::format(", {}/s", format_size(rate()));
    if (const auto left = seconds_left(total)) {
      line += fmt::format(", about {} left", format_span(std::chrono::seconds(*left)));
    }
    if (progress_.errors > 0) line += fmt::format(", {} errors", progress_.errors.load());
    return line;
  }
  Json json(std::optional<std::uint64_t> total) const {
    Json json{
        {"message_type", "status"},
        {"seconds_elapsed", std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count()},
        {"files_restored", progress_.files + progress_.folders},
        {"files_skipped", progress_.kept.load()},
        {"files_deleted", progress_.deleted.load()},
        {"bytes_restored", progress_.bytes.load()},
        {"bytes_skipped", skipped_.bytes.load()},
        {"bytes_per_second", rate()},
        {"error_count", progress_.errors.load()}};
    if (total) json["total_bytes"] = *total;
    if (total && *total > 0) {
      json["percent_done"] = std::min(
          1.0, static_cast<double>(progress_.bytes + skipped_.bytes) / static_cast<double>(*total));
    }
    if (const auto left = seconds_left(total)) json["seconds_remaining"] = *left;
    return json;
  }

 private:
  std::uint64_t rate() const {
    const double seconds = std::chrono::duration<double>(elapsed()).count();
    if (seconds < 0.001) return 0;
    return static_cast<std::uint64_t>(static_cast<double>(progress_.bytes.load()) / seconds);
  }
  std::optional<std::uint64_t> seconds_left(std::optional<std::uint64_t> total) const {
    const std::uint64_t done = progress_.bytes + skipped_.bytes;
    const std::uint64_t rate = this->rate();  // once: it may come down to 0
    if (!total || *total <= done || rate == 0) return std::nullopt;
    return (*total - done) / rate;
  }

  const RestoreProgress& progress_;
  const Counts& skipped_;
  Clock& clock_;
  const Nanoseconds began_;
};

// One restore, and what there is to say about it.
class Restoring {
 public:
  Restoring(Session& session, const Reading& reading, const BlobId& root, RestoreOptions options)
      : session_(session),
        console_(session.console()),
        reading_(reading),
        root_(root),
        options_(std::move(options)),
        shown_(progress_, skipped_, session.clock()) {
    options_.on_error = [this](const std::string& path, const Error& problem) {
      console_.warn(problem.message(), path);
    };
    options_.on_entry = [this](std::string_view action, const std::string& path,
                               std::uint64_t bytes) { tell(action, path, bytes); };
  }

  Result<void> restore() {
    std::optional<Expectation> expected;
    if (console_.shows_progress()) expected.emplace(reading_, root_, options_);
    const auto total = [&] { return expected ? expected->bytes() : std::nullopt; };
    const ProgressDisplay display(
        console_, session_.clock(), [&] { return shown_.text(total()); },
        [&] { return shown_.json(total()); });
    return firebreak::restore(reading_.repository(), root_, options_, progress_, session_.stop());
  }
  // Compares what was restored. Files that were to stay as they are may differ.
  Result<void> verify();
  void print_summary() const;

  std::uint64_t errors() const { return progress_.errors; }
  bool found_nothing() const { return tried_.files == 0 && skipped_.files == 0; }

 private:
  void tell(std::string_view action, const std::string& path, std::uint64_t bytes);

  Session& session_;
  Console& console_;
  const Reading& reading_;
  const BlobId root_;
  RestoreOptions options_;
  RestoreProgress progress_;
  Counts tried_;
  Counts skipped_;
  Mutex mutex_;
  std::unordered_set<std::string> kept_ GUARDED_BY(mutex_);  // paths that may differ
  ProgressText shown_;
};

void Restoring::tell(std::string_view action, const std::string& path, std::uint64_t bytes) {
  const bool is_kept = action == "kept";
  if (action != "deleted") {
    Counts& counts = is_kept ? skipped_ : tried_;
    ++counts.files;
    counts.bytes += bytes;
  }
  if (is_kept && options_.overwrite != Overwrite::IfChanged) {
    const MutexLock lock(mutex_);
    kept_.insert(path);
  }
  if (console_.verbosity() < kVerbosityOfEntries) return;
  const std::string_view shown = is_kept ? "unchanged" : action;
  if (console_.is_json()) {
    console_.json(
        {{"message_type", "verbose_status"}, {"action", shown}, {"item", path}, {"size", bytes}});
  } else {
    console_.say(fmt::format("{:<9} {}, {}", shown, printable(path), format_size(bytes)));
  }
}

Result<void> Restoring::verify() {
  console_.say(fmt::format("verifying {}", printable(options_.target)));
  RestoreProgress verified;
  RestoreOptions verifying = options_;
  verifying.select = [&](const std::string& path, const Node& node) {
    Selection wanted = options_.select ? options_.select(path, node) : Selection{};
    const MutexLock lock(mutex_);
    if (kept_.contains(path)) wanted.restore = false;
    return wanted;
  };
  const ProgressText shown(verified, skipped_, session_.clock());
  {
    const ProgressDisplay display(
        console_, session_.clock(), [&] { return shown.text(std::nullopt); },
        [&] { return shown.json(std::nullopt); });
    TRY(verify_restored(reading_.repository(), root_, verifying, verified, session_.stop()));
  }
  progress_.errors += verified.errors;
  console_.say(fmt::format("compared {} files, {} in {}", verified.files.load(),
                           format_size(verified.bytes), format_span(shown.elapsed())));
  return {};
}

void Restoring::print_summary() const {
  const std::uint64_t total = tried_.files;
  const std::uint64_t restored = total - std::min(total, progress_.errors.load());
  if (console_.is_json()) {
    console_.json({{"message_type", "summary"},
                   {"dry_run", options_.dry_run},
                   {"seconds_elapsed",
                    std::chrono::duration_cast<std::chrono::seconds>(shown_.elapsed()).count()},
                   {"total_files", total},
                   {"files_restored", restored},
                   {"files_skipped", skipped_.files.load()},
                   {"files_deleted", progress_.deleted.load()},
                   {"total_bytes", tried_.bytes.load()},
                   {"bytes_restored", progress_.bytes.load()},
                   {"bytes_skipped", skipped_.bytes.load()},
                   {"errors", progress_.errors.load()}});
    return;
  }
  std::string line = fmt::format("{} {} of {} files and folders, {} of {}, in {}",
                                 options_.dry_run ? "would restore" : "restored", restored, total,
                                 format_size(progress_.bytes), format_size(tried_.bytes),
                                 format_span(shown_.elapsed()));
  if (skipped_.files > 0) line += fmt::format("; left {} as they were", skipped_.files.load());
  if (progress_.deleted > 0) {
    line += fmt::format("; {} {}", options_.dry_run ? "would delete" : "deleted",
                        progress_.deleted.load());
  }
  console_.say(line);
}

Result<ExitCode> restore(Session& session, const Options& options) {
  if (!options.project.to.empty()) {
    Options permitted;
    permitted.snapshot = options.snapshot;
    permitted.dry_run = options.dry_run;
    permitted.project = options.project;
    if (options != permitted) {
      return error(Code::Invalid,
                   "with --to a service is written to: options for files do not go "
                   "with it");
    }
    const std::string& to = options.project.to;
    const auto restore_to = to.starts_with("gs://")       ? restore_bucket
                            : to.starts_with("auth://")   ? restore_users
                            : to.starts_with("config://") ? restore_config
                                                          : restore_database;
    return restore_to(session, options.snapshot, options.project, options.dry_run);
  }
  RestoreOptions restoring = TRY(read_options(options, session.environment()));
  const bool is_whole = !restoring.select;
  Console& console = session.console();
  Losses losses(console);
  const Reading reading = TRY(open_for_reading(session, losses));
  const SnapshotFolder folder =
      TRY(choose_folder(reading, options.snapshot, filter_of(options.filter), session.stop()));
  console.say(fmt::format("restoring snapshot {} of {} to {}", folder.snapshot.id.brief(),
                          format_time(folder.snapshot.snapshot.time), printable(options.target)));
  Restoring work(session, reading, folder.tree, std::move(restoring));
  TRY(work.restore().context("restore to {}", printable(options.target)));
  if (options.verify) TRY(work.verify());
  work.print_summary();
  if (work.errors() > 0) {
    return error(Code::Io, "{}: what is named above is not as in the snapshot",
                 counted(work.errors(), "error"));
  }
  if (!is_whole && work.found_nothing()) {
    return error(Code::NotFound, "nothing in snapshot {} matches the patterns",
                 folder.snapshot.id.brief());
  }
  return losses.end();
}

}  // namespace

void add_restore(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "restore",
      "Write the files of a snapshot to a folder, or a point to the services of a project",
      {"firebreak restore latest --target /tmp/restored",
       "firebreak restore latest:/srv/www --target /srv/www --include '*.php' --verify",
       "firebreak restore latest --to 'firestore://my-shop/(default)' --below users/u1 --dry-run"},
      [options](Session& session) { return restore(session, *options); });
  command.add_option("SNAPSHOT", options->snapshot, "id, latest, or either with :SUBFOLDER")
      .required();
  command.add_option("-t,--target", options->target, "folder to write to; made where missing");
  command
      .add_option("--overwrite", options->overwrite,
                  "what is there already: always, if-changed, if-newer or never")
      .capture_default_str();
  command.add_flag("--delete", options->delete_extra,
                   "remove from restored folders what the snapshot does not have");
  command.add_flag("--verify", options->verify, "read back and compare what was restored");
  command.add_flag("-n,--dry-run", options->dry_run, "write nothing; with -vv, name each entry");
  command.add_flag("--sparse", options->sparse, "taken as said: zeros always become holes");
  add_selection_options(command, options->selection);
  add_snapshot_options(command, options->filter);
  add_project_restore_options(command, options->project);
}

}  // namespace firebreak
