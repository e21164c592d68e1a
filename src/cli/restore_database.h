// `firebreak restore POINT --to firestore://PROJECT/DATABASE`.
#pragma once

#include "cli/command.h"
#include "cli/session.h"

namespace firebreak {

struct DatabaseRestoreOptions {
  std::string to;
  std::string confirm;
  std::string mode = "missing";
  std::string below;
  unsigned initial_rate = 0;
  unsigned writers = 4;
  bool no_undo = false;

  bool operator==(const DatabaseRestoreOptions&) const = default;
};

void add_database_restore_options(Command command, DatabaseRestoreOptions& options);

Result<ExitCode> restore_database(Session& session, const std::string& point,
                                  const DatabaseRestoreOptions& options, bool dry_run);

}  // namespace firebreak
