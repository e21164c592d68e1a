// Documents of a point in the order of their names, whatever collections they are in: as the
// service gives a whole database.
#pragma once

#include "firestore/document_reader.h"
#include "point/document_tree.h"

namespace firebreak {

// Not thread-safe; the tree must outlive it. Holds a leaf a collection group, though neighbours
// share theirs.
class NameOrder {
 public:
  // Of the collection groups that are named. A seek each.
  static Result<NameOrder> begin(const DocumentTree& tree,
                                 const std::vector<std::string>& collection_ids,
                                 const PathRange& range);

  bool is_at_end() const { return groups_.empty(); }
  Result<void> next();
  // Until it is moved. The key is name_key()'s.
  std::string_view name_key() const { return groups_.front().name_key(); }
  ByteView record() const { return groups_.front().documents.record(); }

 private:
  struct Group {
    DocumentTree::Cursor documents;
    std::size_t prefix_bytes;  // of the group in a key
    std::string end;           // no key of it is greater or equal

    bool is_at_end() const { return documents.is_at_end() || documents.key() >= end; }
    std::string_view name_key() const { return documents.key().substr(prefix_bytes); }
  };
  static bool comes_later(const Group& a, const Group& b) { return a.name_key() > b.name_key(); }

  std::vector<Group> groups_;  // a heap, the next document's first; none at the end
};

}  // namespace firebreak
