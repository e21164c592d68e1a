// Reads all documents of a part of a database as they were at one time, whatever collections they
// are in, in the order of their names: one query without a collection id, as Google's clients
// delete recursively by. A stream that breaks goes on behind the last document it gave.
#pragma once

#include "firestore/firestore_client.h"

namespace firebreak {

// Documents from one path on and before another; empty is open. Paths of any number of segments,
// in the order of names.
struct PathRange {
  std::string begin;
  std::string end;
};

// Not thread-safe. Borrows the client.
class DocumentReader {
 public:
  DocumentReader(FirestoreClient& client, PathRange range, FirestoreTime at);

  // A serialised google.firestore.v1.Document, until the next call; nothing behind the last.
  // Invalid where the time is too old to be read at.
  Result<std::optional<ByteView>> next(std::stop_token stop);

 private:
  firestore_api::RunQueryRequest request() const;
  Result<std::optional<ByteView>> document_of(ByteView answer);

  FirestoreClient& client_;
  const PathRange range_;
  const FirestoreTime at_;
  AnswerReader answers_;
  std::string last_name_;  // of the document that was given last
};

}  // namespace firebreak
