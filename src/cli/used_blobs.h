// What snapshots need, as check, prune and copy ask for it.
#pragma once

#include <functional>

#include "cli/session.h"
#include "repository/blob_set.h"
#include "snapshot/snapshot.h"

namespace firebreak {

// A tree or blob that is missing or broken, with a path that begins with its snapshot. An error
// ends the walk. Called by one thread at a time.
using EachProblem = std::function<Result<void>(const std::string& path, const Error& problem)>;

// Every blob below the snapshots, over the repository's index, which was loaded after they were
// listed. Shows how many trees were read.
Result<BlobSet> used_blobs(const Session& session, const Repository& repository,
                           const std::vector<FoundSnapshot>& snapshots, const EachProblem& problem);

}  // namespace firebreak
