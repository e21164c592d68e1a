// `firebreak restore POINT --to gs://BUCKET`.
#pragma once

#include "cli/project_restore.h"

namespace firebreak {

Result<ExitCode> restore_bucket(Session& session, const std::string& point,
                                const ProjectRestoreOptions& options, bool dry_run);

}  // namespace firebreak
