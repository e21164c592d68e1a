// The options that name a second repository, to take something from: --from-repo and so on.
#pragma once

#include "cli/program.h"

namespace firebreak {

void add_from_options(Command command, RepositoryOptions& from);
// Given by option or by FIREBREAK_FROM_REPOSITORY.
bool names_from(const Session& session, const RepositoryOptions& from);
// Invalid where none is named.
Result<OpenedRepository> open_from(Session& session, RepositoryOptions from,
                                   std::optional<LockKind> lock);

}  // namespace firebreak
