// `firebreak restore POINT --to firestore://PROJECT/DATABASE`.
#pragma once

#include "cli/command.h"
#include "cli/database_connection.h"
#include "cli/session.h"
#include "point/backup_point.h"
#include "point/restore_action.h"

namespace firebreak {

struct DatabaseRestoreOptions {
  std::string to;
  std::string confirm;
  std::string mode = "missing";
  std::string below;
  static constexpr unsigned kRateOfService = ~0u;
  unsigned initial_rate = kRateOfService;  // 500 at Google, no limit for an emulator
  unsigned writers = 4;
  bool no_undo = false;
  ConnectionOptions connection;

  bool operator==(const DatabaseRestoreOptions&) const = default;
};

void add_database_restore_options(Command command, DatabaseRestoreOptions& options);

// "missing", "overwrite" or "exact". Invalid for anything else.
Result<RestoreMode> parse_mode(std::string_view text);
// What is done to one document or object, as loud as the user wants it.
void tell(Console& console, RestoreAction action, std::string_view name);

// Of the point that keeps what is there before a restore.
PointOptions undo_options(const Session& session, unsigned readers);
// Prints what was done to each `what` ("document", "object"). The error of `restored`; Conflict
// where something is not as in the point.
Result<void> end_restore(Console& console, Result<void> restored,
                         const ProjectRestoreProgress& progress, std::string_view what,
                         bool dry_run, Nanoseconds took, const std::optional<SnapshotId>& undo);

Result<ExitCode> restore_database(Session& session, const std::string& point,
                                  const DatabaseRestoreOptions& options, bool dry_run);

}  // namespace firebreak
