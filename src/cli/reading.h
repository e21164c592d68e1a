// What commands that only read start from. Reading is for the day when things are lost: whatever is
// damaged is named and passed over, the rest is read, and the command ends with Failure.
#pragma once

#include <atomic>

#include "cli/session.h"
#include "snapshot/walk.h"

namespace firebreak {

// Counts what could not be read and names each. Thread-safe.
class Losses {
 public:
  explicit Losses(Console& console) : console_(console) {}

  void add(std::string_view about, const Error& problem);
  // For walks; `snapshot` goes before the paths, where there are several.
  std::function<Result<void>(const std::string& path, const Error& problem)> unreadable(
      std::string snapshot = {});
  // For load_snapshots(): they are passed over.
  BrokenSnapshot broken_snapshot();
  std::uint64_t count() const { return count_; }
  // Failure where anything was lost, said in a last line.
  ExitCode end();

 private:
  Console& console_;
  std::atomic<std::uint64_t> count_ = 0;
};

// The session's repository, locked for reading, with every snapshot that is sound and the index.
struct Reading {
  OpenedRepository opened;
  std::vector<FoundSnapshot> snapshots;  // oldest first

  const Repository& repository() const { return *opened.repository; }
};
Result<Reading> open_for_reading(Session& session, Losses& losses);

// A folder of a snapshot: SNAPSHOT, or SNAPSHOT:SUBFOLDER.
struct SnapshotFolder {
  FoundSnapshot snapshot;
  BlobId tree;  // of the folder
};
// NotFound or Invalid name what is not there.
Result<SnapshotFolder> choose_folder(const Reading& reading, const std::string& name,
                                     const SnapshotFilter& filter, std::stop_token stop);

// "/a//b/./c/" as "/a/b/c", and "/" as "". Invalid for what does not begin with a slash or goes
// through "..".
Result<std::string> clean_path(std::string_view path);

}  // namespace firebreak
