// Makes a recovery point: everything captured and durable, then the snapshot.
#pragma once

#include "point/point.h"
#include "repository/lock.h"
#include "snapshot/snapshot.h"

namespace firebreak {

// What a point is made of, of one project.
struct PointSources {
  std::string project;
  std::vector<FirestoreClient*> databases = {};
  std::vector<StorageClient*> buckets = {};
  AuthClient* users = nullptr;     // may be none
  ConfigClient* config = nullptr;  // may be none
  std::vector<Point::Uncovered> uncovered = {};
};

struct PointOptions {
  DocumentCaptureOptions documents;
  ObjectCaptureOptions objects;    // but what an earlier point has
  std::string temporary_folder;    // for what is sorted
  std::optional<Point> earlier{};  // of the same project, in the same repository
  BlobSaver::Options saving;
  std::vector<std::string> tags;
  bool skip_if_empty = false;  // no snapshot of nothing in any part
  Identity by;                 // the user; the host of a point is always the same
  std::string program_version;
};

struct PointProgress {
  DocumentCaptureProgress documents;
  ObjectCaptureProgress objects;
  UserCaptureProgress users;
};

struct PointReport {
  Point point;
  std::optional<SnapshotId> id;  // none of a dry run, or of nothing
  Snapshot snapshot;
};

// The index must be loaded. Without a lock for a dry run alone. The errors of capture_documents(),
// capture_objects(), capture_users() and capture_config().
Result<PointReport> backup_point(Repository& repository, RepositoryLock* lock,
                                 const PointSources& sources, const PointOptions& options,
                                 PointProgress& progress, Clock& clock, std::stop_token stop);

// Invalid where some are an emulator's and some are not.
Result<Origin> origin_of(const PointSources& sources);

}  // namespace firebreak
