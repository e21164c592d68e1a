#include "point/object_folders.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/sha256.h"
#include "point/folder.h"

namespace firebreak {
namespace {

constexpr std::size_t kEntriesMax = 1024;
constexpr std::size_t kTreeBytesMax = 512 * 1024;
constexpr std::size_t kBlobsOfALargeFile = 4096;
constexpr unsigned kPartBits = 8;  // a part has 256 entries on average
constexpr std::size_t kNameOfFirstMax = 60;

// Of a node's JSON without its name and content.
constexpr std::size_t kNodeBytes = 260;
constexpr std::size_t kContentBytes = 67;

std::string part_name(const std::string& first) {
  return fmt::format("%={}~{}", first.substr(0, kNameOfFirstMax),
                     to_hex(sha256(as_bytes(first))).substr(0, 8));
}

}  // namespace

Result<void> FolderWriter::add(Node node) {
  const std::uint64_t bits = rule_.hash(node.name).bits;
  return add(std::move(node), bits);
}

Result<void> FolderWriter::add(Node node, std::uint64_t bits) {
  const std::size_t blobs = node.content ? node.content->size() : 0;
  const std::size_t bytes = kNodeBytes + node.name.size() + kContentBytes * blobs;
  Entry entry{std::move(node), bits, bytes};
  if (parts_ != nullptr) return place(std::move(entry));
  bytes_ += bytes;
  entries_.push_back(std::move(entry));
  if (entries_.size() <= kEntriesMax && bytes_ <= kTreeBytesMax) return {};
  parts_ = std::make_unique<FolderWriter>(rule_, saver_, level_ + 1);
  bytes_ = 0;
  for (Entry& one : std::exchange(entries_, {})) TRY(place(std::move(one)));
  return {};
}

// Into the part that is open, or the next one.
Result<void> FolderWriter::place(Entry entry) {
  const bool is_large = entry.node.content && entry.node.content->size() > kBlobsOfALargeFile;
  const bool is_full =
      entries_.size() >= kEntriesMax || bytes_ + entry.bytes > kTreeBytesMax || is_large;
  if (is_full && !entries_.empty()) TRY(end_part());
  const bool ends = (entry.bits >> (kPartBits * level_)) % (1u << kPartBits) == 0;
  bytes_ += entry.bytes;
  entries_.push_back(std::move(entry));
  if (ends || is_large) TRY(end_part());
  return {};
}

Result<void> FolderWriter::end_part() {
  std::vector<Node> nodes;
  const std::uint64_t bits = entries_.back().bits;
  std::string name = part_name(entries_.front().node.name);
  for (Entry& entry : entries_) nodes.push_back(std::move(entry.node));
  entries_.clear();
  bytes_ = 0;
  const BlobId tree = TRY(save_folder(saver_, std::move(nodes)));
  return parts_->add(folder_node(std::move(name), tree), bits);
}

Result<BlobId> FolderWriter::finish() {
  if (parts_ != nullptr) {
    if (!entries_.empty()) TRY(end_part());
    return parts_->finish();
  }
  std::vector<Node> nodes;
  for (Entry& entry : entries_) nodes.push_back(std::move(entry.node));
  return save_folder(saver_, std::move(nodes));
}

// And before it, what is to come before it.
Result<void> ObjectFolders::write(Folder& folder, Node node) {
  auto first = folder.out_of_way.begin();
  while (first != folder.out_of_way.end() && first->first < node.name) {
    TRY(folder.writer.add(std::move(first->second)));
    first = folder.out_of_way.erase(first);
  }
  return folder.writer.add(std::move(node));
}

Result<void> ObjectFolders::write_newest(Folder& folder) {
  if (!folder.newest) return {};
  Node node = *std::exchange(folder.newest, std::nullopt);
  return write(folder, std::move(node));
}

Result<void> ObjectFolders::close_folder() {
  Folder folder = std::move(open_.back());
  open_.pop_back();
  TRY(write_newest(folder));
  for (auto& [name, node] : folder.out_of_way) TRY(folder.writer.add(std::move(node)));
  const BlobId tree = TRY(folder.writer.finish());
  return write(open_.back(), folder_node(std::move(folder.name), tree));
}

Result<void> ObjectFolders::add(const std::vector<std::string>& place, Node file) {
  const std::size_t depth = place.size() - 1;
  std::size_t shared = 0;
  while (shared < depth && shared + 1 < open_.size() && open_[shared + 1].name == place[shared]) {
    ++shared;
  }
  while (open_.size() > shared + 1) TRY(close_folder());
  for (std::size_t i = shared; i < depth; ++i) {
    Folder& parent = open_.back();
    if (parent.newest && parent.newest->name == place[i]) {
      Node node = *std::exchange(parent.newest, std::nullopt);
      node.name += "%f";
      std::string name = node.name;
      parent.out_of_way.emplace(std::move(name), std::move(node));
    }
    TRY(write_newest(parent));
    open_.emplace_back(place[i], rule_, saver_);
  }
  TRY(write_newest(open_.back()));
  file.name = place.back();
  open_.back().newest = std::move(file);
  return {};
}

Result<BlobId> ObjectFolders::finish() {
  while (open_.size() > 1) TRY(close_folder());
  Folder& root = open_.back();
  TRY(write_newest(root));
  for (auto& [name, node] : root.out_of_way) TRY(root.writer.add(std::move(node)));
  return root.writer.finish();
}

}  // namespace firebreak
