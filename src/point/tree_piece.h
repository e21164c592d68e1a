// A stretch of the records of a key-ordered tree, from anywhere to anywhere. Readers make pieces
// side by side; put one behind the other they are the tree that a single reader would have made,
// leaf by leaf. For that, what lies before the first cut of a piece is kept as records, because
// the leaf that it ends began in the piece before.
#pragma once

#include <memory>
#include <vector>

#include "point/leaf_writer.h"

namespace firebreak {

// Not thread-safe. Holds some hundred bytes for each leaf, and two leaves.
class TreePiece {
 public:
  // Borrows both.
  TreePiece(const CutRule& rule, BlobSaver& saver);

  // Corrupt unless the key comes after the one before.
  Result<void> add(std::string_view key, ByteView record);
  // What comes behind. Corrupt unless its keys do.
  Result<void> append(TreePiece behind);
  // The whole tree; its top. Nothing may be added any more.
  Result<BlobId> finish();

 private:
  struct KeyedRecord {
    std::size_t key_bytes;
    std::size_t record_bytes;
  };
  Result<void> replay_head(const std::function<Result<void>(std::string_view, ByteView)>& each);

  const CutRule* rule_;
  BlobSaver* saver_;
  // Up to the first cut.
  Bytes head_;  // keys and records in turn
  std::vector<KeyedRecord> sizes_;
  std::string last_key_;
  // Behind it.
  bool is_cut_ = false;
  std::unique_ptr<std::vector<Leaf>> leaves_;  // where it is, though the piece is moved
  std::unique_ptr<LeafWriter> writer_;
};

}  // namespace firebreak
