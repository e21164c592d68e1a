// Files that somebody moved to where nothing looks for them. Whoever takes one for gone, or for a
// damaged file of the folder it is in, gives up what moving it back would restore.
#pragma once

#include <vector>

#include "repository/pack_table.h"
#include "repository/repository.h"

namespace firebreak {

// Packs that are in another's folder or among the files of another type, and not in their own
// place. `listing` is add_unlisted() to; `strays` is what the backend finds.
Result<std::vector<Stray>> find_misplaced_packs(Backend& backend, const PackTable& packs,
                                                const PackListing& listing,
                                                const std::vector<Stray>& strays,
                                                std::stop_token stop);
// Where it lies, and where it belongs.
std::string describe_misplaced(const Stray& pack);

// Corrupt where there is such a pack. The index must be loaded.
Result<void> refuse_misplaced_packs(const Repository& repository, std::stop_token stop);

// For a file that cannot be opened as one of its type. Corrupt where its bytes hash to its name: it
// is as it was written, and something else. Damage of it is no error.
Result<void> refuse_if_whole(Backend& backend, const FileName& file, std::stop_token stop);

}  // namespace firebreak
