// Gives back the space of blobs that no snapshot uses.
//
// Order is everything here: used blobs of packs that go are stored in new packs → index files
// without the old packs are durable → the old index files go → the old packs go. Killed anywhere
// in between, every snapshot still restores, and the next prune finishes.
//
// No copy of a used blob is given up before another was read and found sound.
#pragma once

#include <variant>

#include "base/progress.h"
#include "repository/blob_set.h"
#include "repository/lock.h"
#include "repository/pack_table.h"
#include "repository/repository.h"

namespace firebreak {

// How much unused data may stay in packs that are also used: bytes, a share of the repository
// after the prune (restic's default is 5 %), or any.
struct UnusedBytes {
  std::uint64_t bytes;
};
struct UnusedShare {
  double percent;
};
struct UnusedUnlimited {};
using MaxUnused = std::variant<UnusedBytes, UnusedShare, UnusedUnlimited>;

struct PruneOptions {
  MaxUnused max_unused = UnusedShare{5};
  std::optional<std::uint64_t> max_repack_bytes{};  // of packs read to be written anew
  bool repack_cacheable_only = false;               // only packs of trees
  bool repack_uncompressed = false;                 // packs with any plain blob; version 2 only
  std::uint64_t repack_smaller_than = 0;            // bytes of a pack
  bool may_remove_all = false;                      // where nothing is used
};

enum class PackFate : std::uint8_t {
  Keep,
  Repack,  // what is used moves to new packs
  Remove,
  Forget,  // it does not exist, and only the index knows it
};

struct PruneStats {
  struct Count {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };
  Count blobs_used;
  Count blobs_duplicate;  // further copies of used ones
  Count blobs_unused;
  Count blobs_moved;
  Count packs_kept;
  Count packs_repacked;
  Count packs_removed;
  Count packs_unreferenced;  // removed, too: no index names them
  std::uint64_t packs_forgotten = 0;
  std::uint64_t unused_bytes_after = 0;
};

struct PrunePlan {
  PackTable packs{{}};
  std::vector<IndexId> index_files;
  std::vector<PackFate> fates;        // by pack
  std::vector<bool> moved;            // by row: blobs to store anew
  std::vector<std::uint32_t> relied;  // rows that stay while other copies of the blob go
  PackListing unreferenced;
  PruneStats stats;
};

// One copy of a blob, whichever of several index files tells of it: pack number and offset.
using BlobCopy = std::pair<std::size_t, std::uint32_t>;

// What is where, and which copies were read and found damaged.
struct PruneInput {
  PackTable packs;
  std::vector<IndexId> index_files;
  PackListing listing;
  std::set<BlobCopy> damaged{};
  unsigned version = 2;
};

// Decides, and reads nothing. Corrupt, which names a blob: a used blob is in no pack of the right
// size, so that this repository needs repair, not a prune. Invalid: nothing is used at all, which
// lost snapshots look like, and what would bring them back would go.
Result<PrunePlan> decide_prune(PruneInput input, const BlobSet& used, const PruneOptions& options);

// Every blob that any snapshot refers to, over the repository's index, which is loaded.
using FindUsed = std::function<Result<BlobSet>(std::stop_token)>;

// Lists the packs, then loads the index, so that a pack stored meanwhile is not taken for
// unreferenced; asks what is used; decides; and reads the copies that would be relied upon. Changes
// nothing.
Result<PrunePlan> plan_prune(Repository& repository, const FindUsed& find_used,
                             const PruneOptions& options, std::stop_token stop);

// Carries a plan out under an exclusive lock held since before it was made. `progress` counts
// packs read and stored bytes moved. The repository's index is stale afterwards.
Result<void> execute_prune(Repository& repository, const PrunePlan& plan, RepositoryLock& lock,
                           Progress& progress, std::stop_token stop);

}  // namespace firebreak
