#include "point/key_tree_builder.h"

#include <algorithm>

#include "firestore/wire.h"
#include "point/folder.h"
#include "point/separator.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

constexpr std::size_t kLeavesPerFileMax = 128;
constexpr std::size_t kFilesPerDirectoryMax = 128;
constexpr std::size_t kLeavesPerDirectoryMax = 4096;
constexpr std::size_t kChildrenPerDirectoryMax = 512;
constexpr std::size_t kNameBytesMax = 200;

// Each separator as what it shares with the one before and the rest.
class SeparatorList {
 public:
  void number(std::uint64_t value) { append_varint(bytes_, value); }
  void separator(std::string_view next) {
    const auto [end, _] = std::ranges::mismatch(last_, next);
    const auto shared = static_cast<std::size_t>(end - last_.begin());
    number(shared);
    number(next.size() - shared);
    append(bytes_, as_bytes(next.substr(shared)));
    last_ = next;
  }
  ByteView bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  std::string last_;
};

}  // namespace

KeyTreeBuilder::Directory& KeyTreeBuilder::level(std::size_t which) {
  while (levels_.size() <= which) levels_.emplace_back();
  return levels_[which];
}

Result<void> KeyTreeBuilder::add(Leaf leaf) {
  file_.content.push_back(leaf.id);
  file_.separators.push_back(std::move(leaf.separator));
  file_.bytes += leaf.bytes;
  if (leaf.cut >= Cut::File || file_.content.size() >= kLeavesPerFileMax) TRY(end_file());
  const auto cut = static_cast<std::size_t>(leaf.cut);
  const auto bottom = static_cast<std::size_t>(Cut::Bottom);
  for (std::size_t which = 0; which < levels_.size(); ++which) {
    const Directory& open = levels_[which];
    const bool is_full = which == 0 ? open.files.size() >= kFilesPerDirectoryMax ||
                                          open.leaves >= kLeavesPerDirectoryMax
                                    : open.children.size() >= kChildrenPerDirectoryMax;
    const bool is_cut = cut >= bottom + which;
    if (!is_cut && !is_full) break;
    if (!open.children.empty()) TRY(end_directory(which));
  }
  return {};
}

Result<void> KeyTreeBuilder::end_file() {
  if (file_.content.empty()) return {};
  Directory& bottom = level(0);
  Child child;
  child.separator = file_.separators.front();
  child.node = file_node("", file_.bytes, std::exchange(file_.content, {}));
  bottom.leaves += file_.separators.size();
  bottom.children.push_back(std::move(child));
  bottom.files.push_back(std::move(file_));
  file_ = File();
  return {};
}

// Bottom: for every file how many leaves it has, then every leaf's separator. Above: the
// separator of every child.
Result<Node> KeyTreeBuilder::save_keys(const Directory& directory, bool with_children) {
  SeparatorList list;
  list.number(directory.children.size());
  for (const File& file : directory.files) list.number(file.separators.size());
  for (const File& file : directory.files) {
    for (const std::string& separator : file.separators) list.separator(separator);
  }
  if (with_children) {
    for (const Child& child : directory.children) list.separator(child.separator);
  }
  return save_file(saver_, "!keys", list.bytes());
}

Result<void> KeyTreeBuilder::end_directory(std::size_t which) {
  Directory& open = level(which);
  const bool by_number = std::ranges::any_of(open.children, [](const Child& child) {
    return separator_name(child.separator).size() > kNameBytesMax;
  });
  TreeEncoder tree;
  if (which == 0 || by_number) {
    const Node keys = TRY(save_keys(open, which > 0));
    TRY(tree.add(keys));
  }
  for (std::size_t number = 0; number < open.children.size(); ++number) {
    Child& child = open.children[number];
    const std::string name =
        by_number ? fmt::format("!{:04}", number) : separator_name(child.separator);
    child.node.name = (which == 0 ? "s-" : "d-") + name;
    TRY(tree.add(child.node));
  }
  const std::string json = tree.finish();
  const SavedBlob saved = TRY(saver_.save(BlobType::Tree, as_bytes(json)));

  Child made;
  made.separator = std::move(open.children.front().separator);
  made.node = folder_node("", saved.id);
  open.children.clear();
  open.files.clear();
  open.leaves = 0;
  ++open.made;
  open.last = saved.id;
  level(which + 1).children.push_back(std::move(made));
  return {};
}

Result<BlobId> KeyTreeBuilder::finish() {
  TRY(end_file());
  for (std::size_t which = 0; which < levels_.size(); ++which) {
    if (!levels_[which].children.empty()) TRY(end_directory(which));
    if (levels_[which].made == 1) return levels_[which].last;
  }
  return save_folder(saver_, {});
}

}  // namespace firebreak
