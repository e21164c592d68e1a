// Which blobs snapshots need: the one walk that check, prune and copy stand on.
#pragma once

#include <functional>
#include <vector>

#include "repository/repository.h"

namespace firebreak {

struct ReachableVisitor {
  // Remembers a blob; true the first time. Thread-safe.
  std::function<bool(BlobType type, const BlobId& id)> mark;
  // A tree or blob that is missing or broken, with the path from its root. An error ends the walk.
  // Thread-safe.
  std::function<Result<void>(const std::string& path, const Error& problem)> problem;
};

// A tree to start from and how to call it in problems, "snapshot 1a2b3c4d".
struct ReachableRoot {
  std::string name;
  BlobId tree;
};

// Marks every tree and data blob below the roots, each tree read once, `workers` at a time. Blobs
// that no pack has are marked and reported. The index must be loaded after the roots were listed.
Result<void> visit_reachable(const Repository& repository, const std::vector<ReachableRoot>& roots,
                             const ReachableVisitor& visitor, unsigned workers,
                             std::stop_token stop);

}  // namespace firebreak
