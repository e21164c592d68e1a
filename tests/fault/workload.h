// What the harnesses do to a repository, and how they tell whether it survived.
//
// A saved snapshot has one file of three blobs whose bytes follow from a seed, and the seed is in
// its host name: so any snapshot found can be compared with what was meant, whoever wrote it.
#pragma once

#include "snapshot/snapshot.h"

namespace firebreak {

inline constexpr std::string_view kPassword = "secret";
inline constexpr ScryptCost kCheapScrypt{2, 1, 1};
inline constexpr WallTime kWorkloadTime{std::chrono::hours(500'000)};

Result<void> make_repository(Backend& backend, Clock& clock);

// Opens, locks, saves the blobs, the tree and the snapshot of `seed`. Seeds of equal parity share a
// blob. Odd seeds give each blob a pack of its own, so that a prune keeps some and drops others.
Result<SnapshotId> save_seeded(Backend& backend, const std::string& cache, std::uint64_t seed,
                               Clock& clock);

// Removes every snapshot of `seed` under an exclusive lock.
Result<void> forget_seeded(Backend& backend, const std::string& cache, std::uint64_t seed,
                           Clock& clock);

// Removes what no snapshot uses, and writes packs anew that hold anything unused.
Result<void> prune_all(Backend& backend, const std::string& cache, Clock& clock);

// Tags every snapshot: each is written anew before the old one is removed.
Result<void> tag_all(Backend& backend, const std::string& cache, Clock& clock);

Result<void> add_second_key(Backend& backend, const std::string& cache, Clock& clock);

// What a person does after a crash, when the stale locks are known to be nobody's.
Result<void> unlock_all(Backend& backend, const std::string& cache);

// The oracle: every snapshot file that is listed opens and all its bytes are what its seed says,
// read from a fresh cache. Ends with the snapshots' seeds. Corrupt for wrong bytes.
Result<std::vector<std::uint64_t>> seeds_of_intact(Backend& backend, const std::string& cache);

}  // namespace firebreak
