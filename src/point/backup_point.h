// Makes a recovery point of one database: everything captured and durable, then the snapshot.
#pragma once

#include "point/point.h"
#include "repository/lock.h"
#include "snapshot/snapshot.h"

namespace firebreak {

struct PointOptions {
  DocumentCaptureOptions documents;
  BlobSaver::Options saving;
  std::vector<std::string> tags;
  bool skip_if_empty = false;  // no snapshot of no documents
  Identity by;                 // the user; the host of a point is always the same
  std::string program_version;
};

struct PointReport {
  Point point;
  std::optional<SnapshotId> id;  // none of a dry run, or of nothing
  Snapshot snapshot;
};

// The index must be loaded. Without a lock for a dry run alone. The errors of capture_documents().
Result<PointReport> backup_point(Repository& repository, RepositoryLock* lock,
                                 FirestoreClient& client, const PointOptions& options,
                                 DocumentCaptureProgress& progress, Clock& clock,
                                 std::stop_token stop);

Origin origin_of(const FirestoreClient& client);

}  // namespace firebreak
