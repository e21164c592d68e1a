#include "point/tree_piece.h"

namespace firebreak {

TreePiece::TreePiece(const CutRule& rule, BlobSaver& saver)
    : rule_(&rule), saver_(&saver), leaves_(std::make_unique<std::vector<Leaf>>()) {
  writer_ = std::make_unique<LeafWriter>(rule, saver, [leaves = leaves_.get()](Leaf leaf) {
    leaves->push_back(std::move(leaf));
    return Result<void>();
  });
}

Result<void> TreePiece::add(std::string_view key, ByteView record) {
  if (is_cut_) return writer_->add(key, record);
  if (!sizes_.empty() && key <= last_key_) {
    return error(Code::Corrupt, "what was read is not in order");
  }
  firebreak::append(head_, as_bytes(key));
  firebreak::append(head_, record);
  sizes_.push_back({key.size(), record.size()});
  last_key_ = key;
  is_cut_ = rule_->after(key, record.size()) != Cut::None;
  if (is_cut_) writer_->continue_behind(key);
  return {};
}

Result<void> TreePiece::replay_head(
    const std::function<Result<void>(std::string_view, ByteView)>& each) {
  ByteView rest = head_;
  for (const KeyedRecord& sizes : sizes_) {
    TRY(each(as_text(rest.first(sizes.key_bytes)),
             rest.subspan(sizes.key_bytes, sizes.record_bytes)));
    rest = rest.subspan(sizes.key_bytes + sizes.record_bytes);
  }
  return {};
}

Result<void> TreePiece::append(TreePiece behind) {
  TRY(behind.replay_head(
      [this](std::string_view key, ByteView record) { return add(key, record); }));
  if (!behind.is_cut_) return {};
  // Its head ended with a cut, here too.
  std::move(behind.leaves_->begin(), behind.leaves_->end(), std::back_inserter(*leaves_));
  writer_->put_open(behind.writer_->take_open());
  return {};
}

Result<BlobId> TreePiece::finish() {
  KeyTreeBuilder builder(*saver_);
  const auto add_leaf = [&](Leaf leaf) { return builder.add(std::move(leaf)); };
  LeafWriter first(*rule_, *saver_, add_leaf);
  TRY(replay_head([&](std::string_view key, ByteView record) { return first.add(key, record); }));
  TRY(first.finish());
  for (Leaf& leaf : *leaves_) TRY(add_leaf(std::move(leaf)));
  leaves_->clear();
  TRY(writer_->finish());
  for (Leaf& leaf : *leaves_) TRY(add_leaf(std::move(leaf)));
  return builder.finish();
}

}  // namespace firebreak
