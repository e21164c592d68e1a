#include "point/record_tree.h"

#include <algorithm>

namespace firebreak {
namespace {

constexpr std::size_t kLeafBytesKept = 64 << 20;

}  // namespace

RecordTree::RecordTree(const Repository& repository, const BlobId& top, KeyOf key_of)
    : tree_(repository, top), key_of_(key_of), leaves_(kLeafBytesKept) {}

Result<RecordTree::Leaf> RecordTree::open(Bytes bytes) const {
  Leaf leaf;
  leaf.bytes = std::move(bytes);
  std::size_t at = 0;
  for (;;) {
    const std::optional<RecordSpan> span = TRY(next_record(leaf.bytes, at));
    if (!span && leaf.keys.empty()) return error(Code::Corrupt, "a leaf is empty");
    if (!span) return leaf;
    std::string key = TRY(key_of_(ByteView(leaf.bytes).subspan(span->begin, span->size)));
    if (!leaf.keys.empty() && key <= leaf.keys.back()) {
      return error(Code::Corrupt, "the records of a leaf are not in order");
    }
    leaf.records.push_back(*span);
    leaf.keys.push_back(std::move(key));
    at = span->begin + span->size;
  }
}

Result<std::shared_ptr<const RecordTree::Leaf>> RecordTree::load(const KeyTree::LeafPlace& place,
                                                                 std::stop_token stop) const {
  std::shared_ptr<const Leaf> leaf = leaves_.find(place.id);
  if (leaf == nullptr) {
    Bytes bytes = TRY(tree_.load_leaf(place.id, {}, stop));
    Leaf opened = TRY(open(std::move(bytes)));
    leaf = std::make_shared<const Leaf>(std::move(opened));
    leaves_.keep(place.id, leaf, leaf->bytes.size());
  }
  if (leaf->keys.front() < place.separator) {
    return error(Code::Corrupt, "a leaf begins before its place");
  }
  return leaf;
}

Result<std::shared_ptr<const RecordTree::Leaf>> RecordTree::load_behind(
    const Leaf& before, const KeyTree::LeafPlace& place, std::stop_token stop) const {
  std::shared_ptr<const Leaf> leaf = TRY(load(place, stop));
  if (leaf->keys.front() <= before.keys.back()) {
    return error(Code::Corrupt, "a leaf begins before the end of another");
  }
  return leaf;
}

Result<std::optional<Bytes>> RecordTree::find(std::string_view key, std::stop_token stop) const {
  const KeyTree::Walk walk = TRY(tree_.seek(key, stop));
  if (walk.leaf() == nullptr) return std::optional<Bytes>();
  const std::shared_ptr<const Leaf> leaf = TRY(load(*walk.leaf(), stop));
  const auto found = std::ranges::lower_bound(leaf->keys, key);
  if (found == leaf->keys.end() || *found != key) return std::optional<Bytes>();
  Bytes record;
  append(record, leaf->record(static_cast<std::size_t>(found - leaf->keys.begin())));
  return std::optional(std::move(record));
}

Result<void> RecordTree::Cursor::seek(std::string_view key) {
  walk_ = TRY(tree_->tree_.seek(key, {}));
  leaf_.reset();
  at_ = 0;
  if (walk_.leaf() == nullptr) return {};
  leaf_ = TRY(tree_->load(*walk_.leaf(), {}));
  at_ = static_cast<std::size_t>(std::ranges::lower_bound(leaf_->keys, key) - leaf_->keys.begin());
  return settle();
}

Result<void> RecordTree::Cursor::next() {
  ++at_;
  return settle();
}

// Into the next leaf where this one is over.
Result<void> RecordTree::Cursor::settle() {
  while (at_ >= leaf_->keys.size()) {
    const std::shared_ptr<const Leaf> before = std::exchange(leaf_, nullptr);
    TRY(walk_.next({}));
    at_ = 0;
    if (walk_.leaf() == nullptr) return {};
    leaf_ = TRY(tree_->load_behind(*before, *walk_.leaf(), {}));
  }
  return {};
}

}  // namespace firebreak
