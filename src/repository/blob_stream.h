// Reads chosen blobs out of their packs, in the order of the packs, with as few and as large reads
// as that allows. Every blob is opened and hashed; where one copy is damaged, another is taken.
#pragma once

#include "base/progress.h"
#include "repository/pack_table.h"
#include "repository/repository.h"

namespace firebreak {

// Called from several threads at once.
using EachBlob = std::function<Result<void>(const PackEntry& entry, ByteView plain)>;

// `wanted` has a bit for each row of `packs`. Ends at the first blob of which no pack has a sound
// copy. `progress` counts packs, and bytes as stored.
Result<void> stream_blobs(const Repository& repository, const PackTable& packs,
                          const std::vector<bool>& wanted, const EachBlob& each, Progress& progress,
                          std::stop_token stop);

// The blob of one row, from no other place. Corrupt or NotFound: this copy is no good.
Result<Bytes> load_row(const Repository& repository, const PackTable& packs,
                       const PackTable::Place& place, std::stop_token stop);

}  // namespace firebreak
