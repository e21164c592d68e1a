#include "cli/restore_database.h"

#include "base/text.h"
#include "cli/database_connection.h"
#include "cli/points.h"
#include "cli/reading.h"
#include "cli/units.h"
#include "firestore/document_path.h"
#include "point/backup_point.h"
#include "point/document_restore.h"

namespace firebreak {
namespace {

constexpr unsigned kGoogleRate = 500;  // documents a second

Result<void> check_options(const DatabaseRestoreOptions& options, const DatabaseName& target,
                           bool no_lock, bool dry_run) {
  if (options.writers == 0 || options.writers > 100) {
    return error(Code::Invalid, "--writers {}: between 1 and 100", options.writers);
  }
  if (!options.below.empty()) {
    const bool is_collection = path_segments(options.below).size() % 2 == 1;
    TRY((is_collection ? check_collection_path(options.below) : check_document_path(options.below))
            .context("--below {}", printable(options.below)));
  }
  if (no_lock && !dry_run && !options.no_undo) {
    return error(Code::Invalid, "an undo point cannot be saved with --no-lock; see --no-undo");
  }
  if (dry_run || options.confirm == target.project) return {};
  if (options.confirm.empty()) {
    return error(Code::Invalid,
                 "this writes to {}: look at it with --dry-run first, then give --confirm {}",
                 target.url(), target.project);
  }
  return error(Code::Invalid, "--confirm {} is not the project that is written to, {}",
               printable(options.confirm), target.project);
}

class ProgressText {
 public:
  ProgressText(const ProjectRestoreProgress& progress, Clock& clock)
      : progress_(progress), clock_(clock), began_(clock.since_boot()) {}

  Nanoseconds elapsed() const { return clock_.since_boot() - began_; }
  std::string text() const {
    return fmt::format("{}  {} documents compared, {} written", format_span(elapsed()), compared(),
                       progress_.written.load());
  }
  Json json() const {
    return {
        {"message_type", "status"},
        {"seconds_elapsed", std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count()},
        {"documents_compared", compared()},
        {"documents_written", progress_.written.load()}};
  }

 private:
  std::uint64_t compared() const {
    return progress_.to_create + progress_.to_change + progress_.to_delete + progress_.same +
           progress_.kept;
  }

  const ProjectRestoreProgress& progress_;
  Clock& clock_;
  const Nanoseconds began_;
};

std::string_view words_of(RestoreAction action) {
  switch (action) {
    case RestoreAction::Create:
      return "create";
    case RestoreAction::Change:
      return "change";
    case RestoreAction::Delete:
      return "delete";
    case RestoreAction::Same:
      return "same";
    case RestoreAction::Keep:
      return "keep";
  }
  return "";
}

void print_summary(Console& console, const ProjectRestoreProgress& progress, std::string_view what,
                   bool dry_run, Nanoseconds took, const std::optional<SnapshotId>& undo) {
  if (console.is_json()) {
    Json json{{"message_type", "summary"},
              {"dry_run", dry_run},
              {"in_point", progress.in_point.load()},
              {"in_target", progress.in_target.load()},
              {"created", progress.to_create.load()},
              {"changed", progress.to_change.load()},
              {"deleted", progress.to_delete.load()},
              {"same", progress.same.load()},
              {"kept", progress.kept.load()},
              {"written", progress.written.load()},
              {"bytes_written", progress.bytes_written.load()},
              {"conflicts", progress.conflicts.load()},
              {"refused", progress.refused.load()},
              {"total_duration", std::chrono::duration<double>(took).count()}};
    if (undo) json["undo_point"] = undo->hex();
    console.json(json);
    return;
  }
  console.line(fmt::format("then:   {} in the point", counted(progress.in_point, what)));
  console.line(fmt::format("now:    {} in the target", counted(progress.in_target, what)));
  console.line(
      fmt::format("result: {}create {}, change {}, delete {}; {} the same already, {} left as "
                  "they are",
                  dry_run ? "would " : "", progress.to_create.load(), progress.to_change.load(),
                  progress.to_delete.load(), progress.same.load(), progress.kept.load()));
  if (!dry_run) {
    const std::string bytes =
        progress.bytes_written > 0 ? ", " + format_size(progress.bytes_written) + "," : "";
    console.line(fmt::format("{} written{} in {}", counted(progress.written, what), bytes,
                             format_span(took)));
  }
}

// The target as it is before anything is written. Nothing where it has no documents.
Result<std::optional<SnapshotId>> save_undo_point(Session& session, Reading& reading,
                                                  FirestoreClient& target, unsigned readers) {
  OpenedRepository& opened = reading.opened;
  const PointSources sources{target.database().project, &target, {}};
  const Origin origin = TRY(origin_of(sources));
  TRY(refuse_mixing(reading.snapshots, sources.project, origin));
  TRY(opened.repository->distrust_unlisted_packs(session.stop()));
  const PointOptions options = undo_options(session, readers);
  PointProgress progress;
  const PointReport report = TRY(backup_point(*opened.repository, opened.lock.get(), sources,
                                              options, progress, session.clock(), session.stop()));
  if (report.id) {
    session.console().say(fmt::format(
        "undo point {} saved; back to it: firebreak restore {} --to '{}' --mode exact --confirm {}",
        report.id->brief(), report.id->brief(), target.database().url(),
        target.database().project));
  }
  return report.id;
}

}  // namespace

Result<RestoreMode> parse_mode(std::string_view text) {
  if (text == "missing") return RestoreMode::Missing;
  if (text == "overwrite") return RestoreMode::Overwrite;
  if (text == "exact") return RestoreMode::Exact;
  return error(Code::Invalid, "--mode {}: missing, overwrite or exact", printable(text));
}

void tell(Console& console, RestoreAction action, std::string_view name) {
  const bool is_nothing = action == RestoreAction::Same || action == RestoreAction::Keep;
  if (console.verbosity() < (is_nothing ? 2 : 1)) return;
  if (console.is_json()) {
    console.json(
        {{"message_type", "verbose_status"}, {"action", words_of(action)}, {"item", name}});
  } else {
    console.say(fmt::format("{:<6} {}", words_of(action), printable(name)));
  }
}

PointOptions undo_options(const Session& session, unsigned readers) {
  PointOptions options;
  options.tags = {"undo"};
  options.by = session.identity();
  options.program_version = "firebreak " FIREBREAK_VERSION;
  options.skip_if_empty = true;
  options.documents.readers = readers;
  options.objects.readers = readers;
  return options;
}

Result<void> end_restore(Console& console, Result<void> restored,
                         const ProjectRestoreProgress& progress, std::string_view what,
                         bool dry_run, Nanoseconds took, const std::optional<SnapshotId>& undo) {
  if (!restored.ok()) {
    return std::move(restored).error().within(fmt::format(
        "{} written so far, run it again for the rest", counted(progress.written, what)));
  }
  print_summary(console, progress, what, dry_run, took, undo);
  const std::uint64_t left = progress.conflicts + progress.refused;
  if (left == 0) return {};
  return error(Code::Conflict, "{} not as in the point, named above", counted(left, what));
}

void add_database_restore_options(Command command, DatabaseRestoreOptions& options) {
  const std::string group = "Options for Firestore databases and buckets";
  command
      .add_option("--to", options.to,
                  "what to write to: firestore://PROJECT/DATABASE or gs://BUCKET")
      .type_name("URL")
      .group(group);
  command
      .add_option("--confirm", options.confirm,
                  "the project or bucket that may be written to, as in --to")
      .type_name("NAME")
      .group(group);
  command
      .add_option(
          "--mode", options.mode,
          "missing: only what is not there; overwrite: what is there, too; exact: and delete "
          "what the point does not have")
      .capture_default_str()
      .group(group);
  command
      .add_option("--below", options.below,
                  "only this document or collection, with all below it; of a bucket, only "
                  "names that begin so")
      .type_name("PATH")
      .group(group);
  command
      .add_option("--initial-rate", options.initial_rate,
                  "documents a second to begin with, half more every five minutes; 0 is no limit, "
                  "the default of an emulator; else it is 500, as Google asks for")
      .type_name("N")
      .group(group);
  command.add_option("--writers", options.writers, "parts that are restored side by side")
      .type_name("N")
      .capture_default_str()
      .group(group);
  command.add_flag("--no-undo", options.no_undo, "do not save what is there as a point before")
      .group(group);
  add_connection_options(command, options.connection, group);
}

Result<ExitCode> restore_database(Session& session, const std::string& name,
                                  const DatabaseRestoreOptions& options, bool dry_run) {
  Console& console = session.console();
  const DatabaseName database = TRY(parse_database_url(options.to).context("--to"));
  DocumentRestoreOptions restoring;
  restoring.mode = TRY(parse_mode(options.mode));
  TRY(check_options(options, database, session.options().no_lock, dry_run));
  restoring.path = options.below;
  restoring.dry_run = dry_run;
  restoring.workers = options.writers;
  restoring.on_document = [&console](RestoreAction action, std::string_view path) {
    tell(console, action, path);
  };
  restoring.on_failure = [&console](const DocumentWrite& write, WriteEnd end,
                                    std::string_view why) {
    console.warn(end == WriteEnd::Conflict ? "somebody else has changed it meanwhile; left as it is"
                                           : fmt::format("refused: {}", printable(why)),
                 write.path);
  };
  FirestoreClient target(database, TRY(connect_to_database(session, options.connection)),
                         session.clock());
  console.say(fmt::format("{} at {}", database.url(), target.endpoint()));
  restoring.initial_rate = options.initial_rate;
  if (restoring.initial_rate == DatabaseRestoreOptions::kRateOfService) {
    restoring.initial_rate = target.is_emulator() ? 0 : kGoogleRate;
  }

  Losses losses(console);
  Reading reading = TRY(open_for_reading(session, losses));
  const ChosenPoint chosen = TRY(choose_point(session, reading, name));
  const Point::Database* source = chosen.point.databases.size() == 1
                                      ? &chosen.point.databases.front()
                                      : chosen.point.find(database.database);
  if (source == nullptr) {
    return error(Code::NotFound, "point {} has {}, and none is {}", chosen.id.brief(),
                 counted(chosen.point.databases.size(), "database"), printable(database.database));
  }
  std::optional<SnapshotId> undo;
  if (!dry_run && !options.no_undo) {
    undo = TRY(save_undo_point(session, reading, target, options.writers)
                   .context("no undo point (--no-undo goes without)"));
  }
  std::vector<std::string> collection_ids;
  for (const CapturedGroup& group : source->documents.groups) {
    collection_ids.push_back(group.collection_id);
  }
  const DocumentTree documents(reading.repository(), source->documents.base);
  ProjectRestoreProgress progress;
  const ProgressText shown(progress, session.clock());
  Result<void> restored = [&] {
    const ProgressDisplay display(
        console, session.clock(), [&] { return shown.text(); }, [&] { return shown.json(); });
    return restore_documents(documents, collection_ids, target, restoring, progress,
                             session.clock(), session.stop());
  }();
  TRY(end_restore(console, std::move(restored), progress, "document", dry_run, shown.elapsed(),
                  undo));
  if (!options.below.empty() && progress.in_point == 0) {
    return error(Code::NotFound, "nothing in point {} is at or below {}", chosen.id.brief(),
                 printable(options.below));
  }
  return losses.end();
}

}  // namespace firebreak
