// `firebreak backup` of what a URL names: a Firestore database.
#pragma once

#include "cli/backup_options.h"

namespace firebreak {

// Whether the targets are URLs rather than paths: the first one begins with "firestore:/" or
// another word like it, and nothing of that name is there.
bool is_source_url(const std::vector<std::string>& targets);

Result<ExitCode> backup_source(Session& session, const BackupOptions& options);

}  // namespace firebreak
