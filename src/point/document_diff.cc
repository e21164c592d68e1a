#include "point/document_diff.h"

#include "firestore/record.h"

namespace firebreak {
namespace {

// Goes through a tree's documents, and over leaves without reading them where that is asked for.
class DiffSide {
 public:
  static Result<DiffSide> begin(const DocumentTree& tree, std::stop_token stop) {
    DiffSide side(tree);
    side.walk_ = TRY(tree.leaves().seek("", stop));
    return side;
  }

  bool is_at_end() const { return walk_.leaf() == nullptr; }
  // The leaf that begins here; null within one.
  const BlobId* leaf_begins() const {
    return at_ == 0 && !is_at_end() ? &walk_.leaf()->id : nullptr;
  }
  Result<void> pass_over_leaf(std::stop_token stop) {
    leaf_.reset();
    at_ = 0;
    return walk_.next(stop);
  }
  Result<void> load(std::stop_token stop) {
    if (leaf_ == nullptr) leaf_ = TRY(tree_->load(*walk_.leaf(), stop));
    return {};
  }
  // Once it is loaded.
  std::string_view key() const { return leaf_->keys[at_]; }
  ByteView record() const { return leaf_->record(at_); }
  Result<void> next(std::stop_token stop) {
    return ++at_ < leaf_->keys.size() ? Result<void>() : pass_over_leaf(stop);
  }

 private:
  explicit DiffSide(const DocumentTree& tree) : tree_(&tree) {}

  const DocumentTree* tree_;
  KeyTree::Walk walk_;
  std::shared_ptr<const DocumentTree::Leaf> leaf_;  // once it was asked for
  std::size_t at_ = 0;
};

Result<void> tell(ByteView before, ByteView after,
                  const std::function<Result<void>(const DocumentDifference& one)>& each) {
  DocumentDifference one{{}, before, after};
  const RecordView shown = TRY(RecordView::parse(after.empty() ? before : after));
  one.path = shown.path();
  if (!before.empty() && !after.empty()) {
    const RecordView old = TRY(RecordView::parse(before));
    one.fields_differ = as_text(old.fields()) != as_text(shown.fields());
  }
  return each(one);
}

}  // namespace

Result<void> diff_documents(const DocumentTree& before, const DocumentTree& after,
                            const std::function<Result<void>(const DocumentDifference& one)>& each,
                            std::stop_token stop) {
  DiffSide a = TRY(DiffSide::begin(before, stop));
  DiffSide b = TRY(DiffSide::begin(after, stop));
  while (!a.is_at_end() || !b.is_at_end()) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    if (a.leaf_begins() != nullptr && b.leaf_begins() != nullptr &&
        *a.leaf_begins() == *b.leaf_begins()) {
      TRY(a.pass_over_leaf(stop));
      TRY(b.pass_over_leaf(stop));
      continue;
    }
    if (!a.is_at_end()) TRY(a.load(stop));
    if (!b.is_at_end()) TRY(b.load(stop));
    const int order = a.is_at_end() ? 1 : b.is_at_end() ? -1 : a.key().compare(b.key());
    const ByteView old = order <= 0 ? a.record() : ByteView();
    const ByteView now = order >= 0 ? b.record() : ByteView();
    if (as_text(old) != as_text(now)) TRY(tell(old, now, each));
    if (order <= 0) TRY(a.next(stop));
    if (order >= 0) TRY(b.next(stop));
  }
  return {};
}

}  // namespace firebreak
