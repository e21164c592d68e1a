// `firebreak restore POINT --to firestore://PROJECT/DATABASE`.
#pragma once

#include "cli/project_restore.h"

namespace firebreak {

Result<ExitCode> restore_database(Session& session, const std::string& point,
                                  const ProjectRestoreOptions& options, bool dry_run);

}  // namespace firebreak
