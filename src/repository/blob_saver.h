// The write path: blobs in, packs and index files out.
//
//   save(): hash → already there? → compress → seal → open again and compare → one of two open
//     packs of the type
//   uploaders: a full pack → check every MAC → hash → store → index
//
// Two packs of a type are open at once and a blob goes to either by chance, so that pack contents
// do not show the sizes of neighbouring chunks. An index file names only packs that are durably
// stored. Stopped before finish(), packs without index are left over: harmless, found again by
// nobody, removed by prune; index files written on the way make a repeated backup resume there.
#pragma once

#include <array>
#include <atomic>

#include "base/bounded_queue.h"
#include "base/task_group.h"
#include "repository/blob_set.h"
#include "repository/compression.h"
#include "repository/repository.h"

namespace firebreak {

struct SavedBlob {
  BlobId id;
  bool is_new = false;
  std::uint32_t stored_bytes = 0;  // sealed; 0 when it was there already
};

constexpr std::size_t kPackSizeDefault = 16 * 1024 * 1024;
constexpr std::size_t kBlobsPerIndexFile = 50'000;

class BlobSaver {
 public:
  static constexpr std::size_t kOpenPacksOfType = 2;

  struct Options {
    Compression compression = Compression::Auto;
    std::size_t pack_size = kPackSizeDefault;
    bool dry_run = false;  // everything but storing
    // Reads what is there already before it is relied on, each blob once, and stores anew what is
    // damaged. Without it the index and the sizes of packs are believed.
    bool verify_present = false;
  };
  struct Totals {
    std::uint64_t data_blobs = 0;
    std::uint64_t tree_blobs = 0;
    std::uint64_t added_bytes = 0;   // plaintext of new blobs
    std::uint64_t stored_bytes = 0;  // sealed
  };

  // Uploaders stop when `stop` is requested. The repository's index must be loaded, and a lock
  // held by the caller.
  BlobSaver(Repository& repository, const Options& options, std::stop_token stop);

  // Thread-safe; waits while all uploaders are busy. An error of an uploader surfaces here or in
  // finish(). `plain` must not be empty: an empty file has no blobs.
  Result<SavedBlob> save(BlobType type, ByteView plain);

  // As save() for a blob of another repository whose content was already verified: stores the
  // content of `plain` under `id` without hashing it again.
  Result<SavedBlob> save_known(BlobType type, const BlobId& id, ByteView plain);

  // From now on reads trees that are there already before it relies on them, as verify_present does
  // of all. Thread-safe.
  void verify_trees() { verify_trees_ = true; }

  // Stores what is open and the index of everything. After ok() every saved blob is durable
  // and indexed; nothing may be saved any more.
  Result<void> finish();

  Totals totals() const;

 private:
  struct OpenPack {
    Mutex mutex;
    PackBuilder builder GUARDED_BY(mutex);
  };

  Result<bool> claim(BlobType type, const BlobId& id);
  Result<void> add_to_pack(const PackEntry& entry, ByteView sealed);
  Result<void> hand_over(PackBuilder full);
  Result<void> upload(std::stop_token stop);
  Result<void> store(PackBuilder full, std::stop_token stop);
  Result<Bytes> next_buffer();
  Error stopped() const;

  Repository& repository_;
  const Options options_;
  const std::stop_token stop_;
  std::optional<BlobSet> verified_;  // or being verified
  std::atomic<bool> verify_trees_ = false;
  BoundedQueue<Bytes> buffers_;  // for the packs to come: their number bounds memory
  BoundedQueue<PackBuilder> full_;
  TaskGroup uploaders_;
  std::array<std::array<OpenPack, kOpenPacksOfType>, 2> open_;  // by type, then by chance
  std::atomic<std::uint64_t> data_blobs_ = 0;
  std::atomic<std::uint64_t> tree_blobs_ = 0;
  std::atomic<std::uint64_t> added_bytes_ = 0;
  std::atomic<std::uint64_t> stored_bytes_ = 0;
};

}  // namespace firebreak
