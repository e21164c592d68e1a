// Makes the index say what the packs hold, from the packs' own headers.
#pragma once

#include "repository/check.h"
#include "repository/lock.h"

namespace firebreak {

struct RepairIndexOptions {
  bool read_all_packs = false;  // believe no index file
};

struct RepairIndexSummary {
  std::uint64_t packs_read = 0;     // headers
  std::uint64_t packs_added = 0;    // that no index named, or named wrongly
  std::uint64_t packs_dropped = 0;  // named by the index, and gone
  std::uint64_t files_written = 0;
  std::uint64_t files_removed = 0;
};

// Reads the header of every pack that is not indexed, or whose size or layout is not what the
// index says, or of all packs. New index files are durable before the old ones go. A damaged header
// is a finding, and so is one that cannot be read just now; the pack stays and so does what the
// index says of it, because it is the only way to its blobs (repair_packs() takes them out).
// Corrupt, and nothing changed, where something is out of place. The caller holds an
// exclusive lock; the index, loaded here, is stale afterwards. `progress` counts headers.
Result<RepairIndexSummary> repair_index(Repository& repository, const RepairIndexOptions& options,
                                        RepositoryLock& lock, const EachFinding& each,
                                        Progress& progress, std::stop_token stop);

}  // namespace firebreak
