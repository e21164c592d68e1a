// Replaces index files: what is to stay is written anew and durable before the old files go.
#pragma once

#include <unordered_set>

#include "repository/lock.h"
#include "repository/pack_table.h"
#include "repository/repository.h"

namespace firebreak {

// Collects packs and saves them as index files of restic's size, each as long as the lock holds.
// Thread-safe.
class IndexWriter {
 public:
  IndexWriter(const Repository& repository, RepositoryLock& lock)
      : repository_(repository), lock_(lock) {}

  // A pack that was added before is left out.
  Result<void> add(IndexedPack pack, std::stop_token stop);
  // Saves what is left. After ok() everything added is durable.
  Result<void> finish(std::stop_token stop);
  std::size_t files_written() const;

 private:
  Result<void> save(std::stop_token stop) REQUIRES(mutex_);

  const Repository& repository_;
  RepositoryLock& lock_;
  mutable Mutex mutex_;
  std::unordered_set<PackId> seen_ GUARDED_BY(mutex_);
  std::vector<IndexedPack> packs_ GUARDED_BY(mutex_);
  std::size_t blobs_ GUARDED_BY(mutex_) = 0;
  std::size_t files_ GUARDED_BY(mutex_) = 0;
};

// Writes the packs of those of `files` that name a dropped pack or one that another file names,
// too, or that are many and small; without the dropped packs. `dropped` has a bit for each pack of
// `packs`, which covers all `files`. A file found broken is an error, or, with Skip, replaced by
// what `packs` knows from the local cache. Ends with the files that are of no more use once the
// writer has finished.
Result<std::vector<IndexId>> rewrite_index(const Repository& repository, const PackTable& packs,
                                           const std::vector<IndexId>& files,
                                           const std::vector<bool>& dropped, OnBroken on_broken,
                                           IndexWriter& writer, std::stop_token stop);

// Takes packs out of the index: files without the `dropped` ones are durable before the old ones
// go. Repeating it after it was killed anywhere finishes the work. Ends with how many files went.
Result<std::size_t> drop_from_index(const Repository& repository, const PackTable& packs,
                                    const std::vector<IndexId>& files,
                                    const std::vector<bool>& dropped, RepositoryLock& lock,
                                    std::stop_token stop);

// Removes files in batches, and asks before each batch whether the lock still holds. A file that
// is gone already is fine.
Result<void> remove_files(Backend& backend, const std::vector<FileName>& files,
                          RepositoryLock& lock, std::stop_token stop);

}  // namespace firebreak
