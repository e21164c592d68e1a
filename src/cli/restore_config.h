// `firebreak restore POINT --to config://PROJECT`.
#pragma once

#include "cli/project_restore.h"

namespace firebreak {

Result<ExitCode> restore_config(Session& session, const std::string& point,
                                const ProjectRestoreOptions& options, bool dry_run);

}  // namespace firebreak
