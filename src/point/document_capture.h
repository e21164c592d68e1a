// Captures every document of one Firestore database, as they were at one time, into a key-ordered
// tree (docs/formats/documents.md):
//
//   parts of the database, read side by side ─▶ each its records, by collection group, as pieces of
//   the tree whose leaves are saved on the way ─▶ pieces joined in order: the tree
//
// A part is read in the order of names, which within one collection group is the order of keys.
// Parts are claimed in order and joined as soon as all before them are, so that few wait.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "firestore/firestore_client.h"
#include "repository/blob_saver.h"
#include "repository/polynomial.h"

namespace firebreak {

// Read by others while a capture runs.
struct DocumentCaptureProgress {
  std::atomic<std::uint64_t> documents = 0;
  std::atomic<std::uint64_t> bytes = 0;  // of records
};

struct DocumentCaptureOptions {
  std::size_t readers = 4;
  std::uint64_t reads_max = 0;  // documents that may be read; 0 is unlimited
};

// What a capture would read.
struct DocumentCount {
  FirestoreTime time;
  std::uint64_t documents = 0;
  std::uint64_t reads = 0;  // of a capture, as Google would bill them
};
// As the service counts; its errors.
Result<DocumentCount> count_documents(FirestoreClient& client, std::stop_token stop);

struct CapturedGroup {
  std::string collection_id;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
};

struct CapturedDocuments {
  BlobId base;         // top of the tree
  FirestoreTime time;  // of all of them
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  // As the service counts them at that time; nothing where it does not.
  std::optional<std::uint64_t> counted{};
  std::uint64_t reads = 0;            // that Google would bill, as its price list counts them
  std::uint64_t unknown_fields = 0;   // kept as they came
  std::vector<CapturedGroup> groups;  // in the order of ids
};

// Exhausted beyond `reads_max`, Invalid where the service keeps no state so old any more, Corrupt
// where it counts more or fewer documents than it gave; else the client's errors and the saver's.
// Of what was saved before an error nothing refers to anything.
Result<CapturedDocuments> capture_documents(FirestoreClient& client, BlobSaver& saver,
                                            const Polynomial& cut_key,
                                            const DocumentCaptureOptions& options,
                                            DocumentCaptureProgress& progress,
                                            std::stop_token stop);

}  // namespace firebreak
