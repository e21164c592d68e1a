// A page of text with everything but the password that an empty machine needs to read a
// repository: where it is, how to restore with restic or with firebreak, and, should they be lost,
// its key file and its config.
#pragma once

#include "cli/session.h"

namespace firebreak {

// Invalid where the file exists: it may be another repository's only sheet. Asked early, so that
// nothing is made before.
Result<void> check_sheet_path(const std::string& path);

// Writes the sheet of the key that opened the repository, which is at `location`. The file appears
// at once or not at all, for its owner only. Conflict where it exists.
Result<void> write_recovery_sheet(const Session& session, const OpenedRepository& opened,
                                  const std::string& location, const std::string& path);

}  // namespace firebreak
