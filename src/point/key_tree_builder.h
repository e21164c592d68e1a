// The trees above the leaves of a key-ordered tree (docs/formats/key-tree.md): leaves make files,
// files make bottom directories, and directories make more until one stands alone. Names are
// separators, so that a reader finds the leaf of a key by descending.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "point/cut_rule.h"
#include "repository/blob_saver.h"
#include "snapshot/node.h"

namespace firebreak {

struct Leaf {
  BlobId id;
  std::uint32_t bytes = 0;
  Cut cut = Cut::None;    // what ends with it; None: a leaf that only a limit has ended
  std::string separator;  // from the leaf before it; empty for the first of all
};

class KeyTreeBuilder {
 public:
  explicit KeyTreeBuilder(BlobSaver& saver) : saver_(saver) {}

  // In the order of keys. Saves the trees that are complete.
  Result<void> add(Leaf leaf);
  // The top: an empty directory where there was no leaf. Nothing may be added any more.
  Result<BlobId> finish();

 private:
  struct File {
    std::vector<BlobId> content;
    std::vector<std::string> separators;  // of the leaves
    std::uint64_t bytes = 0;
  };
  struct Child {
    std::string separator;
    Node node;
  };
  struct Directory {
    std::vector<Child> children;
    std::vector<File> files;  // of a bottom directory, one a child
    std::size_t leaves = 0;
    std::uint64_t made = 0;  // directories of this level so far
    BlobId last;
    std::string first_separator;  // of the one that is open
  };

  Result<void> end_file();
  Result<void> end_directory(std::size_t level);
  Directory& level(std::size_t which);
  Result<Node> save_keys(const Directory& directory, bool with_children);

  BlobSaver& saver_;
  File file_;
  std::deque<Directory> levels_;  // the bottom first; references stay good while it grows
};

}  // namespace firebreak
