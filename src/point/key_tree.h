// Reads a key-ordered tree (docs/formats/key-tree.md) without holding more of it than one directory
// a level, one leaf, and the directories that were read last. What comes from the repository is not
// trusted: a name or an order that the format does not have is Corrupt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "point/recent.h"
#include "repository/repository.h"

namespace firebreak {

// A record's place in a leaf: an offset and a length.
struct RecordSpan {
  std::size_t begin = 0;
  std::size_t size = 0;
};

// The next record of a leaf from `at` on; nothing at the end. Corrupt where a length runs over it.
Result<std::optional<RecordSpan>> next_record(ByteView leaf, std::size_t at);

// Thread-safe.
class KeyTree {
 public:
  struct LeafPlace {
    BlobId id;
    std::string separator;  // no key in it is less; empty in the first
  };

  // Borrows the repository, whose index must be loaded.
  KeyTree(const Repository& repository, BlobId top);

  // Goes through the leaves in order. Moved about by value; two of one tree share nothing.
  class Walk {
   public:
    // The leaf it stands on; nothing behind the last.
    const LeafPlace* leaf() const;
    Result<void> next(std::stop_token stop);

   private:
    friend class KeyTree;
    struct Level;
    const KeyTree* tree_ = nullptr;
    std::vector<Level> levels_;
  };

  // At the leaf that has the key if any does.
  Result<Walk> seek(std::string_view key, std::stop_token stop) const;

  // The records of one leaf.
  Result<Bytes> load_leaf(const BlobId& id, Bytes buffer, std::stop_token stop) const;

 private:
  struct Directory {
    struct Child {
      std::string separator;
      BlobId subtree;
    };
    std::vector<Child> children;    // of an upper one
    std::vector<LeafPlace> leaves;  // of a bottom one
  };
  Result<std::shared_ptr<const Directory>> load_directory(const BlobId& id,
                                                          const std::string& separator,
                                                          std::stop_token stop) const;
  Result<Directory> read_directory(const BlobId& id, std::stop_token stop) const;
  Result<void> descend(Walk& walk, BlobId id, std::string separator, std::string_view key,
                       std::stop_token stop) const;

  const Repository& repository_;
  const BlobId top_;
  mutable Recent<Directory> directories_;
};

struct KeyTree::Walk::Level {
  std::shared_ptr<const Directory> directory;
  std::size_t at = 0;
};

}  // namespace firebreak
