// Replaces damaged and missing packs: what in them still opens, and what another repository has, is
// stored anew, and then the packs go. The snapshots that need them are whole again, under the same
// ids.
#pragma once

#include "repository/check.h"
#include "repository/lock.h"

namespace firebreak {

struct RepairPacksOptions {
  // Take packs out whose blobs are in part nowhere to be had. What is lost then shows as missing,
  // and `repair snapshots` can leave it out.
  bool give_up_lost = false;
};

struct RepairPacksSummary {
  std::uint64_t packs_replaced = 0;
  std::uint64_t packs_kept = 0;       // because blobs in them are lost
  std::uint64_t blobs_salvaged = 0;   // from the damaged packs themselves
  std::uint64_t blobs_recovered = 0;  // from the other repository
  std::uint64_t blobs_lost = 0;
};

// `damaged` as check() names them. Packs found damaged on the way, because another copy of a blob
// turns out unreadable, join them. `source` may be null; its index is loaded. Lost blobs are
// findings. Corrupt, and nothing changed, where a header can be read and is not what the index says
// (repair_index() first), or where something is out of place. Order: blobs in new packs →
// index without the old ones → the old packs; killed anywhere, nothing is worse than before. The
// caller holds an exclusive lock; the index, loaded here, is stale afterwards. Reads blob by blob.
// `progress` counts packs.
Result<RepairPacksSummary> repair_packs(Repository& repository, const std::vector<PackId>& damaged,
                                        const Repository* source, const RepairPacksOptions& options,
                                        RepositoryLock& lock, const EachFinding& each,
                                        Progress& progress, std::stop_token stop);

}  // namespace firebreak
