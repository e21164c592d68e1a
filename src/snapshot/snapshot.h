// Snapshot files: one backup's root tree and where, when and by whom it was taken (restic
// design.rst, "Snapshots"). Unknown fields are lost when a snapshot is rewritten, by restic too.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/rfc3339.h"
#include "repository/repository.h"

namespace firebreak {

struct SnapshotSummary {
  FileTime backup_start;
  FileTime backup_end;
  std::uint64_t files_new = 0;
  std::uint64_t files_changed = 0;
  std::uint64_t files_unmodified = 0;
  std::uint64_t dirs_new = 0;
  std::uint64_t dirs_changed = 0;
  std::uint64_t dirs_unmodified = 0;
  std::uint64_t data_blobs = 0;
  std::uint64_t tree_blobs = 0;
  std::uint64_t data_added = 0;         // bytes of new blobs
  std::uint64_t data_added_packed = 0;  // the same, sealed
  std::uint64_t total_files_processed = 0;
  std::uint64_t total_bytes_processed = 0;
};

struct Snapshot {
  FileTime time;
  std::optional<SnapshotId> parent;
  BlobId tree;
  std::vector<std::string> paths;
  std::string hostname;
  std::string username;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::string> excludes;
  std::vector<std::string> tags;
  std::optional<SnapshotId> original;  // of a rewritten snapshot, the first one
  std::string program_version;
  std::optional<SnapshotSummary> summary;
};

std::string encode_snapshot(const Snapshot& snapshot);
// Corrupt without tree or time.
Result<Snapshot> parse_snapshot(ByteView json);

struct FoundSnapshot {
  SnapshotId id;
  Snapshot snapshot;
};

Result<Snapshot> load_snapshot(const Repository& repository, const SnapshotId& id,
                               std::stop_token stop);
Result<SnapshotId> save_snapshot(const Repository& repository, const Snapshot& snapshot,
                                 std::stop_token stop);

// Writes `changed` in place of a snapshot: the new one is durable before the old is removed, so
// that killed in between both are there. Records the first of its line in `original`.
Result<SnapshotId> replace_snapshot(const Repository& repository, RepositoryLock& lock,
                                    const FoundSnapshot& old, Snapshot changed,
                                    std::stop_token stop);

// Data is freed by prune alone. Asks before each that the lock is still held; one that is gone
// already is fine.
Result<void> remove_snapshots(const Repository& repository, RepositoryLock& lock,
                              const std::vector<SnapshotId>& ids, std::stop_token stop);

// Every snapshot, oldest first. One that cannot be read is an error that names it. Loads as many
// at once as the backend has connections. Two listings.
Result<std::vector<FoundSnapshot>> load_snapshots(const Repository& repository,
                                                  std::stop_token stop);
// The same for readers, who must get at sound snapshots whatever became of others: one that is
// damaged or gone is handed to `broken` and left out. Thread-safe.
using BrokenSnapshot = std::function<Result<void>(const std::string& name, const Error& problem)>;
Result<std::vector<FoundSnapshot>> load_snapshots(const Repository& repository,
                                                  const BrokenSnapshot& broken,
                                                  std::stop_token stop);

// Which snapshots a command is about; an empty list lets all pass. As in restic a snapshot must
// have every path of `paths`, and all tags of one of the sets in `tags` (an empty set means:
// without tags).
struct SnapshotFilter {
  std::vector<std::string> hosts;
  std::vector<std::vector<std::string>> tags;
  std::vector<std::string> paths;

  bool matches(const Snapshot& snapshot) const;
};

// One of `all` by "latest" (the newest that matches), by id or by an unambiguous beginning of one.
// NotFound or Invalid name it.
Result<FoundSnapshot> choose_snapshot(const std::vector<FoundSnapshot>& all, std::string_view name,
                                      const SnapshotFilter& filter);

}  // namespace firebreak
