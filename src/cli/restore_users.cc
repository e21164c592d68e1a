#include "cli/restore_users.h"

#include "base/text.h"
#include "cli/auth_connection.h"
#include "cli/reading.h"
#include "cli/units.h"
#include "point/user_restore.h"

namespace firebreak {

Result<ExitCode> restore_users(Session& session, const std::string& name,
                               const ProjectRestoreOptions& options, bool dry_run) {
  Console& console = session.console();
  const std::string project = TRY(parse_users_url(options.to).context("--to"));
  UserRestoreOptions restoring;
  restoring.mode = TRY(parse_mode(options.mode));
  TRY(check_restore(session, options, "auth://" + project, project, dry_run));
  if (!options.below.empty()) {
    return error(Code::Invalid, "--below goes with a database or a bucket; users come back as one");
  }
  restoring.dry_run = dry_run;
  restoring.temporary_folder = TRY(session.temporary_folder());
  restoring.on_user = [&console](RestoreAction action, std::string_view user) {
    tell(console, action, user);
  };
  restoring.on_failure = [&console](std::string_view user, const Error& problem) {
    console.warn(problem.message(), std::string(user));
  };
  AuthClient target(project, TRY(connect_to_users(session)), session.clock());
  console.say(fmt::format("{} at {}", target.url(), target.endpoint()));

  Losses losses(console);
  Reading reading = TRY(open_for_reading(session, losses));
  const ChosenPoint chosen = TRY(choose_point(session, reading, name));
  if (!chosen.point.users) {
    return error(Code::NotFound, "point {} has no users", chosen.id.brief());
  }
  if (chosen.point.origin == Origin::Emulator && !target.is_emulator()) {
    return error(Code::Invalid,
                 "point {} is of an emulator, whose passwords are no hashes; its users do not go "
                 "into a real project",
                 chosen.id.brief());
  }
  const nlohmann::json config =
      TRY(load_user_config(reading.repository(), chosen.root, session.stop()));
  std::optional<SnapshotId> undo;
  if (!dry_run) {
    undo = TRY(save_undo_point(session, reading, {project, {}, {}, &target}, options, target.url())
                   .context("no undo point (--no-undo goes without)"));
  }
  ProjectRestoreProgress progress;
  TRY(run_restore(session, "user", dry_run, undo, progress, [&] {
    return restore_users(reading.repository(), chosen.point.users->users, config, target, restoring,
                         progress, session.stop());
  }));
  return losses.end();
}

}  // namespace firebreak
