#include "snapshot/walk.h"

#include "base/text.h"

namespace firebreak {
namespace {

struct Level {
  std::size_t path_size = 0;  // of the one path that all levels share: each is the next's beginning
  Node node;
  std::optional<Tree> tree;
  std::size_t next = 0;
};

Result<void> report(const TreeVisitor& visitor, const std::string& path, const Error& problem) {
  if (problem.code() == Code::Canceled) return problem;
  if (visitor.unreadable) return visitor.unreadable(path, problem);
  return Error(problem).within(path.empty() ? "/" : printable(path));
}

Result<Level> enter(const Repository& repository, const TreeVisitor& visitor,
                    const std::string& path, const Node& node, std::stop_token stop) {
  Level level{path.size(), node, {}, 0};
  Result<Tree> tree = error(Code::Corrupt, "a folder without subtree");
  if (node.subtree) tree = load_tree(repository, *node.subtree, stop);
  if (!tree.ok()) {
    TRY(report(visitor, path, tree.error()));
    return level;
  }
  level.tree = std::move(tree).value();
  if (visitor.enter) visitor.enter(*level.tree);
  return level;
}

}  // namespace

Result<Tree> load_tree(const Repository& repository, const BlobId& id, std::stop_token stop) {
  Bytes blob = TRY(repository.load_blob(BlobType::Tree, id, {}, stop));
  return parse_tree(std::move(blob)).context("tree {}", id.brief()).on(Side::Repository);
}

Result<void> walk_tree(const Repository& repository, const BlobId& root, const TreeVisitor& visitor,
                       std::stop_token stop) {
  Node root_node;
  root_node.type = NodeType::Dir;
  root_node.subtree = root;
  std::vector<Level> levels;
  std::string path;
  Level first = TRY(enter(repository, visitor, path, root_node, stop));
  levels.push_back(std::move(first));
  while (!levels.empty()) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    Level& level = levels.back();
    path.resize(level.path_size);
    if (!level.tree || level.next == level.tree->nodes.size()) {
      if (visitor.leave) {
        TRY(visitor.leave(path, level.node, level.tree ? &*level.tree : nullptr));
      }
      levels.pop_back();
      continue;
    }
    const Node& node = level.tree->nodes[level.next++];
    if (!is_safe_name(node.name)) {
      TRY(report(
          visitor, path,
          error(Code::Corrupt, "an entry with the unsafe name \"{}\"", printable(node.name))));
      continue;
    }
    path += '/';
    path += node.name;
    const bool descend = TRY(visitor.entry(path, node));
    if (!descend || node.type != NodeType::Dir) continue;
    Level below = TRY(enter(repository, visitor, path, node, stop));
    levels.push_back(std::move(below));
  }
  return {};
}

Result<Node> find_entry(const Repository& repository, const BlobId& root, std::string_view path,
                        std::stop_token stop) {
  Node node;
  node.type = NodeType::Dir;
  node.subtree = root;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (name.empty() || name == ".") continue;
    if (node.type != NodeType::Dir || !node.subtree) {
      return error(Code::NotFound, "\"{}\" is not a folder", printable(node.name));
    }
    const Tree tree = TRY(load_tree(repository, *node.subtree, stop));
    const Node* const found = tree.find(name);
    if (found == nullptr) {
      return error(Code::NotFound, "the snapshot has no \"{}\"", printable(name));
    }
    node = *found;
  }
  return node;
}

}  // namespace firebreak
