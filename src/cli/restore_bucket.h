// `firebreak restore POINT --to gs://BUCKET`.
#pragma once

#include "cli/restore_database.h"

namespace firebreak {

Result<ExitCode> restore_bucket(Session& session, const std::string& point,
                                const DatabaseRestoreOptions& options, bool dry_run);

}  // namespace firebreak
