// Depth-first over a snapshot's tree, in the order of names. What every reader of snapshots
// stands on: it never passes on a name that could leave its folder.
#pragma once

#include <functional>

#include "repository/repository.h"
#include "snapshot/tree.h"

namespace firebreak {

// Paths begin with a slash; the root's own is "".
struct TreeVisitor {
  // Every entry. False passes over what is below it.
  std::function<Result<bool>(const std::string& path, const Node& node)> entry;
  // Before everything below a folder, the root included, whose tree could be read. May be absent.
  std::function<void(const Tree& tree)> enter;
  // After everything below a folder, the root included (with an empty node). No tree where it
  // could not be read. May be absent.
  std::function<Result<void>(const std::string& path, const Node& node, const Tree* tree)> leave;
  // A tree that cannot be read, or an entry with an unsafe name. Absent: the walk ends there.
  std::function<Result<void>(const std::string& path, const Error& problem)> unreadable;
};

// Holds one tree a level, and one path.
Result<void> walk_tree(const Repository& repository, const BlobId& root, const TreeVisitor& visitor,
                       std::stop_token stop);

Result<Tree> load_tree(const Repository& repository, const BlobId& id, std::stop_token stop);

// The entry at a path below the tree `root`; the root itself is a folder without a name. NotFound
// names the part that is missing.
Result<Node> find_entry(const Repository& repository, const BlobId& root, std::string_view path,
                        std::stop_token stop);

}  // namespace firebreak
