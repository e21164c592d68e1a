// The documents of one database in a point.
#pragma once

#include "firestore/document_key.h"
#include "firestore/record.h"
#include "point/record_tree.h"

namespace firebreak {

inline Result<std::string> key_of_document(ByteView record) {
  const RecordView view = TRY(RecordView::parse(record));
  return document_key(view.path());
}

// Keys are document_key() of paths.
class DocumentTree : public RecordTree {
 public:
  DocumentTree(const Repository& repository, const BlobId& top)
      : RecordTree(repository, top, key_of_document) {}

  Cursor documents() const { return records(); }
};

}  // namespace firebreak
