// `firebreak restore POINT --to firestore://PROJECT/DATABASE`.
#pragma once

#include "cli/command.h"
#include "cli/database_connection.h"
#include "cli/session.h"

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

Result<ExitCode> restore_database(Session& session, const std::string& point,
                                  const DatabaseRestoreOptions& options, bool dry_run);

}  // namespace firebreak
