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

Result<Level> load_level(const Repository& repository, std::string path, const Node* before,
                         const Node* after, std::stop_token stop) {
  Level level;
  level.path = std::move(path);
  const auto load = [&](const Node* node, Tree& into) -> Result<void> {
    if (node == nullptr || node->type != NodeType::Dir) return {};
    if (!node->subtree) return error(Code::Corrupt, "a folder without subtree");
    into = TRY(load_tree(repository, *node->subtree, stop));
    return {};
  };
  TRY(load(before, level.before).context("{}", printable(level.path)));
  TRY(load(after, level.after).context("{}", printable(level.path)));
  return level;
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
  if (with_metadata && !difference.content_changed) {
    Node same = *before;
    same.subtree = after->subtree;
    difference.metadata_changed = same != *after;
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
  return fmt::format("{}{}{}", type_changed ? "T" : "", content_changed ? "M" : "",
                     metadata_changed ? "U" : "");
}

Result<void> diff_trees(const Repository& repository, const BlobId& before, const BlobId& after,
                        bool with_metadata,
                        const std::function<Result<void>(const Difference&)>& each,
                        std::stop_token stop) {
  Node root_before;
  Node root_after;
  root_before.type = root_after.type = NodeType::Dir;
  root_before.subtree = before;
  root_after.subtree = after;
  if (before == after) return {};
  std::vector<Level> levels;
  Level first = TRY(load_level(repository, "", &root_before, &root_after, stop));
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
    if (!difference.modifier().empty()) TRY(each(difference));
    const bool same_subtree = is_dir(left) && is_dir(right) && left->subtree == right->subtree;
    if (same_subtree || (!is_dir(left) && !is_dir(right))) continue;
    Level below = TRY(load_level(repository, path, left, right, stop));
    levels.push_back(std::move(below));
  }
  return {};
}

}  // namespace firebreak
