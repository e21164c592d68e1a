// Captures the objects of one bucket, each as the listing shows it: its generation is pinned, its
// stored bytes are checked against the service's checksum. The listing is no view of one time, so
// that what is captured is true of some time in an interval, object by object.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "firestore/firestore_time.h"
#include "point/record_tree.h"
#include "repository/blob_saver.h"
#include "storage/storage_client.h"

namespace firebreak {

// Read by others while a capture runs.
struct ObjectCaptureProgress {
  std::atomic<std::uint64_t> objects = 0;
  std::atomic<std::uint64_t> bytes = 0;       // of all those
  std::atomic<std::uint64_t> bytes_read = 0;  // from the service
};

struct ObjectCaptureOptions {
  std::size_t readers = 4;
  std::string temporary_folder;  // for places while they are sorted
  bool live_only = false;        // that only live generations are captured is accepted
  // Of an earlier point in the same repository: what it has of the same generation is not read
  // again.
  struct Earlier {
    BlobId manifest;
    BlobId objects;
  };
  std::optional<Earlier> earlier{};
};

// In the bucket, and not in the point.
struct UncoveredObject {
  std::string name;  // empty for something of many
  std::string reason;
};

struct CapturedObjects {
  BlobId manifest;
  BlobId objects;           // the folder of files
  std::string description;  // of the bucket, as JSON
  FirestoreTime begin;      // of the interval
  FirestoreTime end;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::vector<UncoveredObject> uncovered;
};

struct ObjectCount {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};
// By listing the bucket; the client's errors.
Result<ObjectCount> count_objects(StorageClient& client, std::stop_token stop);

// The client's errors and the saver's; Corrupt where the service sent other bytes than its checksum
// says. Of what was saved before an error nothing refers to anything.
Result<CapturedObjects> capture_objects(StorageClient& client, const Repository& repository,
                                        BlobSaver& saver, const ObjectCaptureOptions& options,
                                        ObjectCaptureProgress& progress, Clock& clock,
                                        std::stop_token stop);

}  // namespace firebreak
