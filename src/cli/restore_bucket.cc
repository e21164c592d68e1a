#include "cli/restore_bucket.h"

#include "base/text.h"
#include "cli/bucket_connection.h"
#include "cli/points.h"
#include "cli/reading.h"
#include "cli/units.h"
#include "point/backup_point.h"
#include "point/object_restore.h"

namespace firebreak {
namespace {

Result<void> check_options(const DatabaseRestoreOptions& options, const std::string& bucket,
                           bool no_lock, bool dry_run) {
  if (options.writers == 0 || options.writers > 100) {
    return error(Code::Invalid, "--writers {}: between 1 and 100", options.writers);
  }
  if (no_lock && !dry_run && !options.no_undo) {
    return error(Code::Invalid, "an undo point cannot be saved with --no-lock; see --no-undo");
  }
  if (dry_run || options.confirm == bucket) return {};
  if (options.confirm.empty()) {
    return error(
        Code::Invalid,
        "this writes to gs://{0}: look at it with --dry-run first, then give --confirm {0}",
        bucket);
  }
  return error(Code::Invalid, "--confirm {} is not the bucket that is written to, {}",
               printable(options.confirm), bucket);
}

// The bucket as it is before anything is written. Nothing where it has no objects.
Result<std::optional<SnapshotId>> save_undo_point(Session& session, Reading& reading,
                                                  const Point& point, StorageClient& target,
                                                  unsigned readers) {
  OpenedRepository& opened = reading.opened;
  const PointSources sources{point.project, nullptr, {&target}};
  const Origin origin = TRY(origin_of(sources));
  TRY(refuse_mixing(reading.snapshots, sources.project, origin));
  TRY(opened.repository->distrust_unlisted_packs(session.stop()));
  PointOptions options = undo_options(session, readers);
  options.objects.live_only = true;  // nothing else is written over
  options.objects.temporary_folder = TRY(session.temporary_folder());
  options.earlier = point;
  PointProgress progress;
  const PointReport report = TRY(backup_point(*opened.repository, opened.lock.get(), sources,
                                              options, progress, session.clock(), session.stop()));
  // It is as good as the way back is whole.
  for (const UncoveredObject& one : report.point.buckets.front().objects.uncovered) {
    return error(Code::Invalid, "{}/{} cannot be captured: {}", target.url(), printable(one.name),
                 one.reason);
  }
  if (report.id) {
    session.console().say(fmt::format(
        "undo point {0} saved; back to it: firebreak restore {0} --to {1} --mode exact --confirm "
        "{2}",
        report.id->brief(), target.url(), target.bucket()));
  }
  return report.id;
}

ObjectRestoreOptions restoring_of(const DatabaseRestoreOptions& options, RestoreMode mode,
                                  bool dry_run, Console& console) {
  ObjectRestoreOptions restoring;
  restoring.mode = mode;
  restoring.prefix = options.below;
  restoring.dry_run = dry_run;
  restoring.writers = options.writers;
  restoring.on_object = [&console](RestoreAction action, std::string_view name) {
    tell(console, action, name);
  };
  restoring.on_failure = [&console](std::string_view name, const Error& problem) {
    console.warn(is(problem, Code::Conflict)
                     ? "somebody else has changed it meanwhile; left as it is"
                     : fmt::format("refused: {}", problem.message()),
                 std::string(name));
  };
  return restoring;
}

}  // namespace

Result<ExitCode> restore_bucket(Session& session, const std::string& name,
                                const DatabaseRestoreOptions& options, bool dry_run) {
  Console& console = session.console();
  const std::string bucket = TRY(parse_bucket_url(options.to).context("--to"));
  const RestoreMode mode = TRY(parse_mode(options.mode));
  TRY(check_options(options, bucket, session.options().no_lock, dry_run));
  StorageClient target(bucket, TRY(connect_to_bucket(session)), session.clock());
  console.say(fmt::format("{} at {}", target.url(), target.endpoint()));

  Losses losses(console);
  Reading reading = TRY(open_for_reading(session, losses));
  const ChosenPoint chosen = TRY(choose_point(session, reading, name));
  const Point::Bucket* source = chosen.point.buckets.size() == 1 ? &chosen.point.buckets.front()
                                                                 : chosen.point.find_bucket(bucket);
  if (source == nullptr) {
    return error(Code::NotFound, "point {} has {}, and none is {}", chosen.id.brief(),
                 counted(chosen.point.buckets.size(), "bucket"), bucket);
  }
  std::optional<SnapshotId> undo;
  if (!dry_run && !options.no_undo) {
    undo = TRY(save_undo_point(session, reading, chosen.point, target, options.writers)
                   .context("no undo point (--no-undo goes without)"));
  }
  const ObjectRestoreOptions restoring = restoring_of(options, mode, dry_run, console);
  ProjectRestoreProgress progress;
  const Nanoseconds began = session.clock().since_boot();
  const auto elapsed = [&] { return session.clock().since_boot() - began; };
  Result<void> restored = [&] {
    const auto text = [&] {
      return fmt::format("{}  {} objects of the point compared, {} written, {}",
                         format_span(elapsed()), progress.in_point.load(), progress.written.load(),
                         format_size(progress.bytes_written));
    };
    const auto json = [&] {
      return Json{
          {"message_type", "status"},
          {"seconds_elapsed", std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count()},
          {"objects_compared", progress.in_point.load()},
          {"objects_written", progress.written.load()},
          {"bytes_written", progress.bytes_written.load()}};
    };
    const ProgressDisplay display(console, session.clock(), text, json);
    return restore_objects(reading.repository(), source->objects.manifest, source->objects.objects,
                           target, restoring, progress, session.stop());
  }();
  TRY(end_restore(console, std::move(restored), progress, "object", dry_run, elapsed(), undo));
  if (!options.below.empty() && progress.in_point == 0) {
    return error(Code::NotFound, "nothing in point {} begins with {}", chosen.id.brief(),
                 printable(options.below));
  }
  return losses.end();
}

}  // namespace firebreak
