// Backup of files: walks the targets, saves what the parent snapshot does not have unchanged, and
// ends with a snapshot. The pipeline:
//
//   folders and files as tasks of a stack, newest first ─ workers: stat, compare, read, cut ─▶
//   BlobSaver (hash, compress, seal, upload) ─▶ the last entry of a folder encodes its tree
//
// The snapshot is written last, after every blob and the index are durable and the lock is known
// to be held; stopped before that, nothing refers to what was uploaded and a repeated backup finds
// it again.
#pragma once

#include <sys/stat.h>

#include "base/clock.h"
#include "repository/blob_saver.h"
#include "repository/lock.h"
#include "snapshot/snapshot.h"

namespace firebreak {

// Read by others while a backup runs.
struct ArchiveProgress {
  std::atomic<std::uint64_t> files = 0;
  std::atomic<std::uint64_t> folders = 0;
  std::atomic<std::uint64_t> bytes = 0;  // of files, unchanged ones included
  std::atomic<std::uint64_t> errors = 0;
};

struct ArchiveOptions {
  std::vector<std::string> targets;
  // Files as in here are not read again. Ignored where its trees cannot be read.
  std::optional<FoundSnapshot> parent;
  // False leaves an entry and all below it out. Gets the path as reached from the target; is not
  // asked about targets. Thread-safe.
  std::function<bool(const std::string& path, const struct stat& status)> select;
  // What could not be read and is therefore not in the snapshot. Thread-safe.
  std::function<void(const std::string& path, const Error& problem)> on_error;

  // What of the parent is damaged, by path. It is stored anew, so that this snapshot is whole.
  // Thread-safe.
  std::function<void(const std::string& path, const Error& problem)> on_damaged_parent{};

  bool one_file_system = false;
  bool with_access_time = false;
  bool ignore_changed_time = false;  // compare size and modification time alone …
  bool ignore_inode = false;         // … as some file systems need
  bool skip_if_unchanged = false;    // no snapshot when the tree is the parent's
  bool dry_run = false;              // nothing is stored

  Identity by;
  std::string working_folder;  // for the absolute paths in the snapshot
  std::vector<std::string> tags;
  std::vector<std::string> excludes;  // for the record
  std::optional<FileTime> time;       // of the snapshot; otherwise when it began
  std::string program_version;
  BlobSaver::Options saving;
  unsigned workers = 2;
};

struct ArchiveReport {
  std::optional<SnapshotId> id;  // none for a dry run, or when unchanged and skipped
  Snapshot snapshot;
  std::uint64_t errors = 0;  // sources that are missing in it
};

// The repository's index must be loaded. `lock` is null for a dry run alone. Errors of single
// files are reported and counted; errors of the repository end it. Invalid when no target exists
// or everything was left out.
Result<ArchiveReport> archive(Repository& repository, RepositoryLock* lock,
                              const ArchiveOptions& options, ArchiveProgress& progress,
                              Clock& clock, std::stop_token stop);

// Bytes that become the one file of a snapshot.
struct StreamSource {
  int fd = -1;       // read until its end
  std::string name;  // of the file
  // Asked at the end; an error leaves no snapshot, for the bytes may not be all there were.
  std::function<Result<void>()> is_whole = [] { return Result<void>(); };
};
Result<ArchiveReport> archive_stream(Repository& repository, RepositoryLock* lock,
                                     const StreamSource& source, const ArchiveOptions& options,
                                     ArchiveProgress& progress, Clock& clock, std::stop_token stop);

}  // namespace firebreak
