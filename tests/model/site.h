// One repository with its model: opens it as a program would, reads it back, and tells where the
// two disagree.
#pragma once

#include "backend/faulty.h"
#include "backend/memory.h"
#include "model/model.h"
#include "repository/check.h"
#include "snapshot/node.h"
#include "snapshot/snapshot.h"

namespace firebreak {

inline const Identity kHarness{"somebody", "harness"};
inline constexpr ScryptCost kLeastScrypt{2, 1, 1};

class Site {
 public:
  // Makes the repository. `folder` is for caches and restored files.
  Site(std::string folder, std::string password, Clock& clock);

  Model model;
  MemoryBackend store;
  FaultyBackend backend;  // in front of the store

  // With any of the passwords and one of several caches, which are as stale as chance has it.
  Result<std::unique_ptr<Repository>> open(Random& random, OnBroken on_broken = OnBroken::Fail);
  Result<std::unique_ptr<RepositoryLock>> lock(const Repository& repository, LockKind kind,
                                               Clock& clock);

  // Every power cut leaves locks behind, and nobody else is there.
  Result<void> unlock();

  // The tree that was backed up from `source`, as restored or as read, without restoring.
  Result<Paths> read(const Repository& repository, const Snapshot& snapshot,
                     const std::string& source);
  Result<Paths> restored(const Repository& repository, const Snapshot& snapshot,
                         const std::string& source);

  // Snapshots are those of the model and every byte of them is right; one of them is restored to
  // disk. At times a check of all data, which must find nothing. Every password opens.
  Result<void> verify(Random& random, const std::string& source);
  Result<CheckSummary> check_all(Repository& repository, std::vector<Finding>& damage);

  // After an operation that failed: what it may have removed, and what it may have added.
  Result<void> reconcile(Random& random, const std::string& source,
                         const std::set<SnapshotId>& doomed,
                         const std::vector<Remembered>& candidates);

  std::string any_password(Random& random) const;

 private:
  // Digests of what was read before, by the blobs it is made of.
  using Known = std::map<std::vector<BlobId>, std::string>;

  Result<Paths> read_knowing(const Repository& repository, const Snapshot& snapshot,
                             const std::string& source, Known& known);
  static Result<Value> value_of(const Repository& repository, const Node& node, Known& known);
  Result<void> reconcile_one(const Repository& repository, const FoundSnapshot& found,
                             const std::string& source, const std::vector<Remembered>& candidates);

  const std::string folder_;
};

// Every blob that snapshots use; what is missing goes to `problem`.
Result<BlobSet> used_blobs(const Repository& repository,
                           const std::function<void(const Error&)>& problem);

}  // namespace firebreak
