// What restores into a project's services have in common: options, consent, the way back, and what
// is said at the end.
#pragma once

#include "cli/command.h"
#include "cli/database_connection.h"
#include "cli/points.h"
#include "point/backup_point.h"
#include "point/restore_action.h"

namespace firebreak {

struct ProjectRestoreOptions {
  std::string to;
  std::string confirm;
  std::string mode = "missing";
  std::string below;
  static constexpr unsigned kRateOfService = ~0u;
  unsigned initial_rate = kRateOfService;  // 500 at Google, no limit for an emulator
  unsigned writers = 4;
  bool no_undo = false;
  bool with_ttl = false;
  ConnectionOptions connection;

  bool operator==(const ProjectRestoreOptions&) const = default;
};

void add_project_restore_options(Command command, ProjectRestoreOptions& options);

// "missing", "overwrite" or "exact". Invalid for anything else.
Result<RestoreMode> parse_mode(std::string_view text);

// Invalid where options contradict each other, or where it writes and --confirm is not `name`, the
// project or bucket of `url`.
Result<void> check_restore(const Session& session, const ProjectRestoreOptions& options,
                           const std::string& url, const std::string& name, bool dry_run);

// What is done to one document, object or user, as loud as the user wants it.
void tell(Console& console, RestoreAction action, std::string_view name);

// Saves what is there before a restore into `url` as a point, and says how to go back to it, unless
// the options go without. Nothing where there is nothing. `earlier`: whose objects need not be read
// again. Invalid where a part cannot be captured.
Result<std::optional<SnapshotId>> save_undo_point(Session& session, Reading& reading,
                                                  const PointSources& target,
                                                  const ProjectRestoreOptions& options,
                                                  const std::string& url,
                                                  std::optional<Point> earlier = {});

// Runs a restore of each `what` ("document", "object", "user"), shows how far it is, and prints
// what was done at its end. Its error; Conflict where something is not as in the point.
Result<void> run_restore(Session& session, std::string_view what, bool dry_run,
                         const std::optional<SnapshotId>& undo,
                         const ProjectRestoreProgress& progress,
                         const std::function<Result<void>()>& restore);

}  // namespace firebreak
