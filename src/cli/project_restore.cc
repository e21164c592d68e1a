#include "cli/project_restore.h"

#include "base/text.h"
#include "cli/units.h"

namespace firebreak {
namespace {

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

std::uint64_t compared(const ProjectRestoreProgress& progress) {
  return progress.to_create + progress.to_change + progress.to_delete + progress.same +
         progress.kept;
}

}  // namespace

Result<RestoreMode> parse_mode(std::string_view text) {
  if (text == "missing") return RestoreMode::Missing;
  if (text == "overwrite") return RestoreMode::Overwrite;
  if (text == "exact") return RestoreMode::Exact;
  return error(Code::Invalid, "--mode {}: missing, overwrite or exact", printable(text));
}

Result<void> check_restore(const Session& session, const ProjectRestoreOptions& options,
                           const std::string& url, const std::string& name, bool dry_run) {
  if (options.writers == 0 || options.writers > 100) {
    return error(Code::Invalid, "--writers {}: between 1 and 100", options.writers);
  }
  if (session.options().no_lock && !dry_run && !options.no_undo) {
    return error(Code::Invalid, "an undo point cannot be saved with --no-lock; see --no-undo");
  }
  if (dry_run || options.confirm == name) return {};
  if (options.confirm.empty()) {
    return error(Code::Invalid,
                 "this writes to {}: look at it with --dry-run first, then give --confirm {}", url,
                 name);
  }
  return error(Code::Invalid, "--confirm {} is not what is written to: {}",
               printable(options.confirm), name);
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

Result<std::optional<SnapshotId>> save_undo_point(Session& session, Reading& reading,
                                                  const PointSources& target,
                                                  const ProjectRestoreOptions& options,
                                                  const std::string& url,
                                                  std::optional<Point> earlier) {
  if (options.no_undo) return std::optional<SnapshotId>();
  OpenedRepository& opened = reading.opened;
  const Origin origin = TRY(origin_of(target));
  TRY(refuse_mixing(reading.snapshots, target.project, origin));
  TRY(opened.repository->distrust_unlisted_packs(session.stop()));
  PointOptions saving;
  saving.tags = {"undo"};
  saving.by = session.identity();
  saving.program_version = "firebreak " FIREBREAK_VERSION;
  saving.skip_if_empty = true;
  saving.documents.readers = options.writers;
  saving.objects.readers = options.writers;
  saving.objects.live_only = true;  // nothing else is written over
  saving.temporary_folder = TRY(session.temporary_folder());
  saving.earlier = std::move(earlier);
  PointProgress progress;
  const PointReport report = TRY(backup_point(*opened.repository, opened.lock.get(), target, saving,
                                              progress, session.clock(), session.stop()));
  // It is as good as the way back is whole.
  for (const Point::Bucket& bucket : report.point.buckets) {
    for (const UncoveredObject& one : bucket.objects.uncovered) {
      return error(Code::Invalid, "{}/{} cannot be captured: {}", url, printable(one.name),
                   one.reason);
    }
  }
  if (report.id) {
    session.console().say(fmt::format(
        "undo point {0} saved; back to it: firebreak restore {0} --to '{1}' --mode exact --confirm "
        "{2}",
        report.id->brief(), url, options.confirm));
  }
  return report.id;
}

Result<void> run_restore(Session& session, std::string_view what, bool dry_run,
                         const std::optional<SnapshotId>& undo,
                         const ProjectRestoreProgress& progress,
                         const std::function<Result<void>()>& restore) {
  Console& console = session.console();
  const Nanoseconds began = session.clock().since_boot();
  const auto elapsed = [&] { return session.clock().since_boot() - began; };
  Result<void> restored = [&] {
    const auto text = [&] {
      std::string line = fmt::format("{}  {} compared, {} written", format_span(elapsed()),
                                     counted(compared(progress), what), progress.written.load());
      if (progress.bytes_written > 0) line += ", " + format_size(progress.bytes_written);
      return line;
    };
    const auto json = [&] {
      return Json{
          {"message_type", "status"},
          {"seconds_elapsed", std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count()},
          {"compared", compared(progress)},
          {"written", progress.written.load()},
          {"bytes_written", progress.bytes_written.load()}};
    };
    const ProgressDisplay display(console, session.clock(), text, json);
    return restore();
  }();
  if (!restored.ok()) {
    return std::move(restored).error().within(fmt::format(
        "{} written so far, run it again for the rest", counted(progress.written, what)));
  }
  print_summary(console, progress, what, dry_run, elapsed(), undo);
  const std::uint64_t left = progress.conflicts + progress.refused;
  if (left == 0) return {};
  return error(Code::Conflict, "{} not as in the point, named above", counted(left, what));
}

void add_project_restore_options(Command command, ProjectRestoreOptions& options) {
  const std::string group = "Options for databases, buckets, users and configuration";
  command
      .add_option("--to", options.to,
                  "what to write to: firestore://PROJECT/DATABASE, gs://BUCKET, auth://PROJECT or "
                  "config://PROJECT")
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
  command
      .add_flag("--with-ttl", options.with_ttl,
                "turn on policies of time to live, by which the service deletes documents whose "
                "time has passed")
      .group(group);
  add_connection_options(command, options.connection, group);
}

}  // namespace firebreak
