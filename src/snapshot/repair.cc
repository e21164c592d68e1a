#include "snapshot/repair.h"

#include "base/text.h"
#include "crypto/sha256.h"
#include "snapshot/tree.h"
#include "snapshot/walk.h"

namespace firebreak {

struct SnapshotRepairer::Level {
  std::string path;
  BlobId id;
  Tree tree;
  std::size_t next = 0;
  bool changed = false;
};

Result<SnapshotRepairer::Level> SnapshotRepairer::enter(std::string path, const BlobId& id,
                                                        std::stop_token stop) {
  Level level{std::move(path), id, {}, 0, false};
  Result<Tree> tree = load_tree(repository_, id, stop);
  if (tree.ok()) {
    level.tree = std::move(tree).value();
    return level;
  }
  // Only what is known to be lost may be given up; a network that is down is not a loss.
  if (!is_damage(tree.error())) return std::move(tree).error();
  const std::string empty = TRY(encode_tree({}));
  if (id == id_of<BlobId>(as_bytes(empty))) {
    ++remade_;
  } else {
    report_(level.path.empty() ? "/" : level.path, "the folder's entries are lost");
  }
  level.changed = true;
  return level;
}

// True when something was lost.
bool SnapshotRepairer::repair_content(const std::string& path, Node& node) {
  std::vector<BlobId> present;
  std::uint64_t size = 0;
  for (const BlobId& id : node.content.value_or(std::vector<BlobId>())) {
    const std::vector<BlobPlace> places = repository_.index().find(BlobType::Data, id);
    if (places.empty()) continue;
    present.push_back(id);
    size += places.front().entry.size();
  }
  if (node.content && node.content->size() == present.size()) return false;
  report_(path, fmt::format("{} of {} bytes are left", size, node.size));
  node.content = std::move(present);
  node.size = size;
  return true;
}

Result<BlobId> SnapshotRepairer::repair(const BlobId& root, std::stop_token stop) {
  std::vector<Level> levels;
  Level first = TRY(enter("", root, stop));
  levels.push_back(std::move(first));
  while (!levels.empty()) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    Level& level = levels.back();
    if (level.next == level.tree.nodes.size()) {
      BlobId repaired = level.id;
      if (level.changed) {
        const std::string blob = TRY(encode_tree(level.tree));
        const SavedBlob saved = TRY(saver_.save(BlobType::Tree, as_bytes(blob)));
        repaired = saved.id;
      }
      done_[level.id] = repaired;
      levels.pop_back();
      continue;
    }
    Node& node = level.tree.nodes[level.next];
    const std::string path = level.path + "/" + printable(node.name);
    if (node.type == NodeType::File && repair_content(path, node)) level.changed = true;
    if (node.type == NodeType::Dir) {
      const BlobId below = node.subtree.value_or(BlobId{});
      const auto known = done_.find(below);
      if (known == done_.end()) {
        Level inner = TRY(enter(path, below, stop));
        levels.push_back(std::move(inner));
        continue;  // comes back to this node when it is done
      }
      if (node.subtree != known->second) {
        node.subtree = known->second;
        level.changed = true;
      }
    }
    ++level.next;
  }
  return done_.at(root);
}

}  // namespace firebreak
