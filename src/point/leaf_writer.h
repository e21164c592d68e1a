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
  using OnLeaf = std::function<Result<void>(Leaf leaf)>;

  LeafWriter(const CutRule& rule, BlobSaver& saver, OnLeaf on_leaf)
      : rule_(rule), saver_(saver), on_leaf_(std::move(on_leaf)) {}

  // Corrupt unless the key comes after the one before.
  Result<void> add(std::string_view key, ByteView record);
  // Ends the leaf that is open.
  Result<void> finish() { return end_leaf(Cut::None); }

 private:
  Result<void> end_leaf(Cut cut);

  const CutRule rule_;
  BlobSaver& saver_;
  const OnLeaf on_leaf_;
  Bytes leaf_;
  std::string separator_;  // of the open leaf
  std::string last_key_;
  bool is_first_ = true;
};

}  // namespace firebreak
