// Packs sorted records into the leaves of a key-ordered tree and saves those.
#pragma once

#include <functional>
#include <string>

#include "point/cut_rule.h"
#include "point/key_tree_builder.h"
#include "repository/blob_saver.h"

namespace firebreak {

class LeafWriter {
 public:
  // What a leaf that is not complete needs to be gone on with.
  struct Open {
    Bytes records;
    std::string separator;
    std::string last_key;
    bool is_first = true;  // no record came before it
  };

  using OnLeaf = std::function<Result<void>(Leaf leaf)>;

  LeafWriter(const CutRule& rule, BlobSaver& saver, OnLeaf on_leaf)
      : rule_(rule), saver_(saver), on_leaf_(std::move(on_leaf)) {}

  // Corrupt unless the key comes after the one before.
  Result<void> add(std::string_view key, ByteView record);
  // Ends the leaf that is open.
  Result<void> finish() { return end_leaf(Cut::None); }

  // Another writer of the same rule goes on where this one stands.
  Open take_open();
  void put_open(Open open) { open_ = std::move(open); }
  // What comes next is the first of a leaf, behind a record of this key.
  void continue_behind(std::string_view key);

 private:
  Result<void> end_leaf(Cut cut);

  const CutRule rule_;
  BlobSaver& saver_;
  const OnLeaf on_leaf_;
  Open open_;
};

}  // namespace firebreak
