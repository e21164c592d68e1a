// A record is a document, or that there is none any more, as a point and its journal keep it
// (docs/formats/documents.md):
//
//   Record    { Document document = 1; Tombstone gone = 2; }
//   Document  { string path = 1; map<string, Value> fields = 2; Timestamp create = 3, update = 4; }
//   Tombstone { string path = 1; Timestamp observed = 2; }
//
// Document is google.firestore.v1's with the name cut down to the path in its database, in the
// spelling of Canonical.
#pragma once

#include <string>

#include "firestore/canonical.h"
#include "firestore/firestore_time.h"

namespace firebreak {

// Makes records of documents as the service sends them. Not thread-safe.
class RecordEncoder {
 public:
  // `documents`: "projects/P/databases/D/documents".
  explicit RecordEncoder(std::string documents);

  // Of a serialised google.firestore.v1.Document. Corrupt where it is none, lies in another
  // database, or has no path that could be kept. The views below hold until the next call.
  Result<void> encode(ByteView document);

  ByteView record() const { return writer_.view(); }
  // A view of what was encoded.
  std::string_view path() const { return path_; }
  std::uint64_t unknown_fields() const { return canonical_.unknown_fields(); }

 private:
  Result<void> try_to_encode(ByteView document);

  std::string prefix_;  // of names, with the slash
  Canonical canonical_;
  BackwardWriter writer_;
  std::string path_;
};

// A record, read in place: borrows its bytes, which were checked when they were parsed.
class RecordView {
 public:
  // Corrupt names what is wrong; values are not looked into.
  static Result<RecordView> parse(ByteView record);

  bool is_tombstone() const { return is_tombstone_; }
  std::string_view path() const { return path_; }
  // The entries of the map, each with tag and length; none of a tombstone.
  ByteView fields() const { return fields_; }
  FirestoreTime create_time() const { return create_; }
  // Of a tombstone: when it was seen to be gone.
  FirestoreTime update_time() const { return update_; }

 private:
  bool is_tombstone_ = false;
  std::string_view path_;
  ByteView fields_;
  FirestoreTime create_;
  FirestoreTime update_;
};

// Makes documents for the service of records: the name in the database that `documents` names,
// references by `rules` (RecordEncoder's, turned round, first). Not thread-safe.
class RecordDecoder {
 public:
  RecordDecoder(std::string documents, std::vector<ReferenceRule> rules);

  // A serialised google.firestore.v1.Document without times, which cannot be set; it holds until
  // the next call. Corrupt where the record is none, or a tombstone.
  Result<ByteView> decode(ByteView record);

 private:
  std::string prefix_;
  Canonical canonical_;
  BackwardWriter writer_;
};

}  // namespace firebreak
