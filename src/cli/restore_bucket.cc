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

ObjectRestoreOptions restoring_of(const ProjectRestoreOptions& options, RestoreMode mode,
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
                                const ProjectRestoreOptions& options, bool dry_run) {
  Console& console = session.console();
  const std::string bucket = TRY(parse_bucket_url(options.to).context("--to"));
  const RestoreMode mode = TRY(parse_mode(options.mode));
  TRY(check_restore(session, options, "gs://" + bucket, bucket, dry_run));
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
  if (!dry_run) {
    undo = TRY(save_undo_point(session, reading, {chosen.point.project, {}, {&target}}, options,
                               target.url(), chosen.point)
                   .context("no undo point (--no-undo goes without)"));
  }
  const ObjectRestoreOptions restoring = restoring_of(options, mode, dry_run, console);
  ProjectRestoreProgress progress;
  TRY(run_restore(session, "object", dry_run, undo, progress, [&] {
    return restore_objects(reading.repository(), source->objects.manifest, source->objects.objects,
                           target, restoring, progress, session.stop());
  }));
  if (!options.below.empty() && progress.in_point == 0) {
    return error(Code::NotFound, "nothing in point {} begins with {}", chosen.id.brief(),
                 printable(options.below));
  }
  return losses.end();
}

}  // namespace firebreak
