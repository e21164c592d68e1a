// Reads the records of a key-ordered tree where they lie, leaf by leaf as they are asked for.
#pragma once

#include <memory>

#include "point/key_tree.h"

namespace firebreak {

// Thread-safe. Keeps some leaves that were read last.
class RecordTree {
 public:
  // A record's key. Corrupt where it is no such record.
  using KeyOf = Result<std::string> (*)(ByteView record);

  // Borrows the repository, whose index must be loaded.
  RecordTree(const Repository& repository, const BlobId& top, KeyOf key_of);

  // Nothing where there is no such record. Corrupt where leaves are broken.
  Result<std::optional<Bytes>> find(std::string_view key, std::stop_token stop) const;

  struct Leaf {
    Bytes bytes;
    std::vector<RecordSpan> records;
    std::vector<std::string> keys;  // of the records, ascending

    ByteView record(std::size_t at) const {
      return ByteView(bytes).subspan(records[at].begin, records[at].size);
    }
  };
  // Corrupt where it begins before its place.
  Result<std::shared_ptr<const Leaf>> load(const KeyTree::LeafPlace& place,
                                           std::stop_token stop) const;
  // The leaf after `before`; Corrupt where it does not begin behind that.
  Result<std::shared_ptr<const Leaf>> load_behind(const Leaf& before,
                                                  const KeyTree::LeafPlace& place,
                                                  std::stop_token stop) const;
  const KeyTree& leaves() const { return tree_; }

  // Not thread-safe; the tree must outlive it.
  class Cursor {
   public:
    // To the first record whose key is not less.
    Result<void> seek(std::string_view key);
    Result<void> next();
    bool is_at_end() const { return leaf_ == nullptr; }
    // Until it is moved.
    std::string_view key() const { return leaf_->keys[at_]; }
    ByteView record() const { return leaf_->record(at_); }

   private:
    friend class RecordTree;
    explicit Cursor(const RecordTree& tree) : tree_(&tree) {}
    Result<void> settle();

    const RecordTree* tree_;
    KeyTree::Walk walk_;
    std::shared_ptr<const Leaf> leaf_;
    std::size_t at_ = 0;
  };
  Cursor records() const { return Cursor(*this); }

 private:
  Result<Leaf> open(Bytes bytes) const;

  const KeyTree tree_;
  const KeyOf key_of_;
  mutable Recent<Leaf> leaves_;
};

}  // namespace firebreak
