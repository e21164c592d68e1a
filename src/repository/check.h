// Looks for damage and changes nothing.
//
// The structure: every key file is as it was written; every index file can be read; every pack that
// an index names is there, with the size that its blobs add up to, which lie back to back; every
// blob that is used is somewhere. And, where asked, the data: every pack hashes to its name, its
// header is what the index says, and every blob opens to its id.
//
// A check that must not believe this machine's cache opens the repository with an empty cache
// folder, so that the index is built from the files just read. Private memory: 5 bytes a blob, 128
// MiB for reading, and the largest blobs.
#pragma once

#include <variant>

#include "base/progress.h"
#include "repository/blob_set.h"
#include "repository/finding.h"
#include "repository/repository.h"

namespace firebreak {

// Which packs check reads: none, all, every n-th of t parts (by the first byte of the id, as
// restic divides them; 1 ≤ part ≤ of ≤ 256), or a random choice of a share or of so many bytes.
struct ReadNoPacks {};
struct ReadAllPacks {};
struct ReadPart {
  unsigned part;
  unsigned of;
};
struct ReadShare {
  double percent;
};
struct ReadBytes {
  std::uint64_t bytes;
};
using ReadData = std::variant<ReadNoPacks, ReadAllPacks, ReadPart, ReadShare, ReadBytes>;

struct CheckOptions {
  ReadData read;
  std::uint64_t seed = 0;  // of the random choice
};

struct CheckSummary {
  std::uint64_t packs = 0;
  std::uint64_t blobs = 0;
  std::uint64_t packs_read = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t errors = 0;
  std::uint64_t hints = 0;
};

// `used`: the blobs that snapshots refer to, over this repository's index, which must be loaded
// with OnBroken::Skip. The headers of packs that no index names are read in any case. Damage is a
// finding, never an error: errors are a failed listing and Canceled. `progress` counts packs read.
Result<CheckSummary> check(const Repository& repository, const BlobSet& used,
                           const CheckOptions& options, const EachFinding& each, Progress& progress,
                           std::stop_token stop);

}  // namespace firebreak
