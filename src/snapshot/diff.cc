#include "snapshot/diff.h"

#include "base/text.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

// Both sides of one folder, one of which may be missing.
struct Level {
  std::string path;
  Tree before;
  Tree after;
  std::size_t next_before = 0;
  std::size_t next_after = 0;
};

Result<Level> load_both(const Repository& repository, const std::string& path, const Node* before,
                        const Node* after, std::stop_token stop) {
  Level level;
  level.path = path;
  const auto load = [&](const Node* node, Tree& into) -> Result<void> {
    if (node == nullptr || node->type != NodeType::Dir) return {};
    if (!node->subtree) return error(Code::Corrupt, "a folder without subtree");
    into = TRY(load_tree(repository, *node->subtree, stop));
    return {};
  };
  TRY(load(before, level.before));
  TRY(load(after, level.after));
  return level;
}

// Empty where a side cannot be read and the visitor goes on: half a folder would look like one of
// which all was added or removed.
Result<Level> load_level(const Repository& repository, const std::string& path, const Node* before,
                         const Node* after, const DiffVisitor& visitor, std::stop_token stop) {
  Result<Level> level = load_both(repository, path, before, after, stop);
  if (level.ok() || failed_with(level, Code::Canceled)) return level;
  const std::string where = path.empty() ? "/" : path;
  if (!visitor.unreadable) return std::move(level).error().within(printable(where));
  TRY(visitor.unreadable(where, level.error()));
  Level empty;
  empty.path = path;
  return empty;
}

Difference compare(std::string path, const Node* before, const Node* after, bool with_metadata) {
  Difference difference;
  difference.path = std::move(path);
  difference.before = before;
  difference.after = after;
  if (before == nullptr || after == nullptr) return difference;
  difference.type_changed = before->type != after->type;
  difference.content_changed = before->type == NodeType::File && after->type == NodeType::File &&
                               before->content != after->content;
  if (with_metadata || difference.content_changed) {
    Node same = *before;
    same.subtree = after->subtree;
    same.content = after->content;
    const bool is_same = same == *after;
    difference.metadata_changed = !difference.content_changed && !is_same;
    difference.is_suspicious = difference.content_changed && is_same;
  }
  return difference;
}

bool is_dir(const Node* node) {
  return node != nullptr && node->type == NodeType::Dir;
}

}  // namespace

std::string Difference::modifier() const {
  if (before == nullptr) return "+";
  if (after == nullptr) return "-";
  return fmt::format("{}{}{}{}", type_changed ? "T" : "", content_changed ? "M" : "",
                     is_suspicious ? "?" : "", metadata_changed ? "U" : "");
}

Result<void> diff_trees(const Repository& repository, const BlobId& before, const BlobId& after,
                        bool with_metadata, const DiffVisitor& visitor, std::stop_token stop) {
  Node root_before;
  Node root_after;
  root_before.type = root_after.type = NodeType::Dir;
  root_before.subtree = before;
  root_after.subtree = after;
  if (before == after) return {};
  std::vector<Level> levels;
  Level first = TRY(load_level(repository, "", &root_before, &root_after, visitor, stop));
  levels.push_back(std::move(first));
  while (!levels.empty()) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    Level& level = levels.back();
    const Node* left = level.next_before < level.before.nodes.size()
                           ? &level.before.nodes[level.next_before]
                           : nullptr;
    const Node* right = level.next_after < level.after.nodes.size()
                            ? &level.after.nodes[level.next_after]
                            : nullptr;
    if (left == nullptr && right == nullptr) {
      levels.pop_back();
      continue;
    }
    if (left != nullptr && right != nullptr && left->name != right->name) {
      (left->name < right->name ? right : left) = nullptr;
    }
    if (left != nullptr) ++level.next_before;
    if (right != nullptr) ++level.next_after;
    const std::string path = level.path + "/" + (left != nullptr ? left : right)->name;
    const Difference difference = compare(path, left, right, with_metadata);
    if (!difference.modifier().empty()) TRY(visitor.each(difference));
    const bool same_subtree = is_dir(left) && is_dir(right) && left->subtree == right->subtree;
    if (same_subtree || (!is_dir(left) && !is_dir(right))) continue;
    Level below = TRY(load_level(repository, path, left, right, visitor, stop));
    levels.push_back(std::move(below));
  }
  return {};
}

}  // namespace firebreak
