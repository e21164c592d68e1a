// Where every blob is: the mapped tables of what the repository's index files say, and what this
// process has written since. Thread-safe.
//
// Cached tables are used as long as all index files they were built from are still listed;
// new files are decoded into a table of their own, and small tables are merged, so that opening
// after one more backup costs what that backup added.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backend/backend.h"
#include "base/mutex.h"
#include "repository/index_table.h"

namespace firebreak {

struct BlobPlace {
  PackId pack;
  PackEntry entry;
};

enum class OnBroken { Fail, Skip };

// Where this program keeps index tables, a folder a repository below it.
struct CacheFolder {
  // Where `path` cannot be written (full, read-only), gives what to use in its place from then on.
  // Asked once; without it the failure is the caller's.
  using Instead = std::function<Result<std::string>(const Error& problem)>;

  CacheFolder(std::string folder, Instead other = {})  // NOLINT: implicit
      : path(std::move(folder)), instead(std::move(other)) {}

  std::string path;
  Instead instead;
};

class Index {
 public:
  // Lists index/, decodes what no table of `repository_name` in `cache` covers, and maps the rest;
  // tables of no more use are removed. An index file that cannot be read is an error, or, for verbs
  // that look for damage, left out and named in broken(). Borrows `cache`, which one index at a
  // time may use.
  static Result<std::unique_ptr<Index>> open(Backend& backend, const Sealer& sealer,
                                             CacheFolder& cache, const std::string& repository_name,
                                             OnBroken on_broken, std::stop_token stop);

  // Every place that holds the blob, packs set aside by distrust() excepted.
  std::vector<BlobPlace> find(BlobType type, const BlobId& id) const;
  bool contains(BlobType type, const BlobId& id) const;

  // Deduplication: true for the first caller with a blob that is nowhere yet; that caller must
  // store it. Everyone else may rely on it.
  bool claim(BlobType type, const BlobId& id);

  // Records a pack that is durably stored. It is found at once, and not yet in any index file.
  void add(const PackId& pack, std::vector<PackEntry> entries);

  // Saves the packs added since the last flush as index files and moves them into a table.
  // Returns at once when fewer than `blobs_min` blobs are waiting.
  Result<void> flush(Backend& backend, const Sealer& sealer, unsigned version,
                     std::size_t blobs_min, std::stop_token stop);

  // Blobs in these packs no longer count as present. For packs whose listed size is not what the
  // index says, and for packs about to be deleted.
  void distrust(std::unordered_set<PackId> packs);

  // The mapped tables, for verbs that walk everything. Packs added since open() are in the last
  // ones once flushed.
  std::vector<IndexTable> tables() const;
  // The index files that the tables were built from.
  std::vector<IndexId> index_files() const;
  struct BrokenFile {
    IndexId id;
    Error problem;
  };
  const std::vector<BrokenFile>& broken() const { return broken_; }

 private:
  Index(CacheFolder& cache, std::string repository_name)
      : cache_(cache), repository_name_(std::move(repository_name)) {}

  struct Pending {
    bool stored = false;
    PackId pack;
    PackEntry entry;
  };
  struct Key {
    BlobType type;
    BlobId id;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return std::hash<BlobId>()(key.id); }
  };

  void map_cached(std::unordered_set<IndexId>& missing);
  Result<void> decode(Backend& backend, const Sealer& sealer, const std::vector<IndexId>& files,
                      OnBroken on_broken, std::stop_token stop);
  Result<void> merge_small();
  std::string table_folder() const;
  // A table of what `fill` adds, which is called once more where the cache folder fails and there
  // is another.
  using Fill = std::function<Result<void>(IndexTableBuilder&)>;
  Result<IndexTable> build(const Fill& fill);
  Result<IndexTable> try_to_build(const Fill& fill) const;
  bool in_tables(BlobType type, const BlobId& id) const REQUIRES(mutex_);

  CacheFolder& cache_;  // changed by open() and under flushing_
  const std::string repository_name_;
  std::vector<BrokenFile> broken_;
  Mutex flushing_;  // held over the upload of an index file; taken before mutex_
  mutable Mutex mutex_;
  std::vector<IndexTable> tables_ GUARDED_BY(mutex_);
  std::unordered_map<Key, Pending, KeyHash> pending_ GUARDED_BY(mutex_);
  std::vector<IndexedPack> unflushed_ GUARDED_BY(mutex_);
  std::size_t unflushed_blobs_ GUARDED_BY(mutex_) = 0;
  std::unordered_set<PackId> distrusted_ GUARDED_BY(mutex_);
};

}  // namespace firebreak
