// Pruning, which `prune` and `forget --prune` do alike.
#pragma once

#include "cli/program.h"
#include "repository/prune.h"

namespace firebreak {

struct PruneFlags {
  std::string max_unused = "5%";
  std::string max_repack_size;
  std::string repack_smaller_than;
  bool repack_small = false;
  bool repack_cacheable_only = false;
  bool repack_uncompressed = false;
};

void add_prune_options(Command command, PruneFlags& flags);
Result<PruneOptions> prune_options_of(const PruneFlags& flags);

// Prints the plan and, without `dry_run`, carries it out under the exclusive lock that `opened`
// holds. Snapshots of which `forgotten` says so count as gone: a dry run of forget has not removed
// them.
Result<void> prune_repository(Session& session, OpenedRepository& opened,
                              const PruneOptions& options, bool dry_run,
                              const std::function<bool(const SnapshotId&)>& forgotten);

}  // namespace firebreak
