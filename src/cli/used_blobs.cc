#include "cli/used_blobs.h"

#include <algorithm>
#include <thread>

#include "cli/counted_progress.h"
#include "snapshot/reachable.h"

namespace firebreak {

Result<BlobSet> used_blobs(const Session& session, const Repository& repository,
                           const std::vector<FoundSnapshot>& snapshots,
                           const EachProblem& problem) {
  BlobSet used(repository.index().tables());
  Progress progress;
  Mutex mutex;
  std::vector<ReachableRoot> roots;
  for (const FoundSnapshot& found : snapshots) {
    roots.push_back({"snapshot " + found.id.brief(), found.snapshot.tree});
  }
  const ReachableVisitor visitor{[&](BlobType type, const BlobId& id) {
                                   const bool is_new = used.insert(type, id);
                                   if (is_new && type == BlobType::Tree) ++progress.done;
                                   return is_new;
                                 },
                                 [&](const std::string& path, const Error& what) -> Result<void> {
                                   const MutexLock lock(mutex);
                                   ++progress.errors;
                                   return problem(path, what);
                                 }};
  const unsigned workers = std::max(repository.backend().connections(),
                                    std::max(2U, std::thread::hardware_concurrency()));
  const CountedProgress shown(session, progress, "snapshots", "trees");
  TRY(visit_reachable(repository, roots, visitor, workers, session.stop()));
  return used;
}

}  // namespace firebreak
