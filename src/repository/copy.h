// Copies blobs from one repository to another: opened and hashed under the one's keys, sealed
// under the other's.
#pragma once

#include "base/progress.h"
#include "repository/blob_saver.h"
#include "repository/blob_set.h"

namespace firebreak {

// Copies those of `wanted`, a set over the source's index, that the destination does not have, by
// its index or, with verify_present, by reading there; then all are read here, too.
// After ok() all of them are durable and indexed there. Both indexes must be loaded, and the
// caller holds locks on both. Corrupt, before anything is written, where `wanted` holds blobs that
// are in no index of the source. Ends with what was added.
Result<BlobSaver::Totals> copy_blobs(const Repository& source, Repository& destination,
                                     const BlobSet& wanted, const BlobSaver::Options& options,
                                     Progress& progress, std::stop_token stop);

}  // namespace firebreak
