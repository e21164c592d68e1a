#include "cli/restore_config.h"

#include "base/text.h"
#include "cli/config_connection.h"
#include "cli/reading.h"
#include "cli/units.h"
#include "point/config_restore.h"

namespace firebreak {

Result<ExitCode> restore_config(Session& session, const std::string& name,
                                const ProjectRestoreOptions& options, bool dry_run) {
  Console& console = session.console();
  const std::string project = TRY(parse_config_url(options.to).context("--to"));
  ConfigRestoreOptions restoring;
  restoring.mode = TRY(parse_mode(options.mode));
  TRY(check_restore(session, options, "config://" + project, project, dry_run));
  if (!options.below.empty()) {
    return error(Code::Invalid,
                 "--below goes with a database or a bucket; the configuration comes back as one");
  }
  restoring.dry_run = dry_run;
  restoring.with_ttl = options.with_ttl;
  restoring.on_item = [&console](RestoreAction action, std::string_view label) {
    tell(console, action, label);
  };
  restoring.on_failure = [&console](std::string_view label, const Error& problem) {
    console.warn(problem.message(), std::string(label));
  };
  restoring.on_building = [&console](std::size_t left) {
    console.say(fmt::format("waiting for the service, which builds {} {} (Ctrl-C ends the waiting)",
                            left, left == 1 ? "index" : "indexes"));
  };
  ConfigClient target(project, TRY(connect_to_config(session)), session.clock());
  console.say(fmt::format("{} at {}", target.url(), target.endpoint()));

  Losses losses(console);
  Reading reading = TRY(open_for_reading(session, losses));
  const ChosenPoint chosen = TRY(choose_point(session, reading, name));
  if (!chosen.point.config) {
    return error(Code::NotFound, "point {} has no configuration", chosen.id.brief());
  }
  const nlohmann::json config = TRY(load_config(reading.repository(), chosen.root, session.stop()));
  std::optional<SnapshotId> undo;
  if (!dry_run) {
    undo = TRY(save_undo_point(session, reading, {project, {}, {}, nullptr, &target}, options,
                               target.url())
                   .context("no undo point (--no-undo goes without)"));
  }
  ProjectRestoreProgress progress;
  TRY(run_restore(session, "setting", dry_run, undo, progress, [&] {
    return restore_config(config, chosen.point.project, target, restoring, progress,
                          session.clock(), session.stop());
  }));
  return losses.end();
}

}  // namespace firebreak
