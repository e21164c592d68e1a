#include "snapshot/reachable.h"

#include "base/text.h"
#include "base/work_stack.h"
#include "snapshot/tree.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

class ReachableWalk {
 public:
  ReachableWalk(const Repository& repository, const ReachableVisitor& visitor)
      : repository_(repository), visitor_(visitor) {}

  Result<void> run(const std::vector<ReachableRoot>& roots, unsigned workers,
                   std::stop_token stop) {
    for (const ReachableRoot& root : roots) add_tree(root.name + ":", root.tree);
    return work_.run(workers, stop);
  }

 private:
  void add_tree(std::string path, const BlobId& id) {
    if (!visitor_.mark(BlobType::Tree, id)) return;
    work_.push([this, path = std::move(path), id](std::stop_token stop) {
      return visit_tree(path, id, stop);
    });
  }

  Result<void> visit_tree(const std::string& path, const BlobId& id, std::stop_token stop) {
    const Result<Tree> tree = load_tree(repository_, id, stop);
    if (failed_with(tree, Code::Canceled)) return Error(tree.error());
    if (!tree.ok()) return visitor_.problem(path, tree.error());
    if (const std::string problem = tree_problem(*tree); !problem.empty()) {
      TRY(visitor_.problem(path, error(Code::Corrupt, "tree {}: {}", id.brief(), problem)));
    }
    for (const Node& node : tree->nodes) {
      if (node.subtree) add_tree(path + "/" + printable(node.name), *node.subtree);
      if (node.content) TRY(visit_content(path, node));
    }
    return {};
  }

  Result<void> visit_content(const std::string& path, const Node& node) {
    for (const BlobId& id : *node.content) {
      if (!visitor_.mark(BlobType::Data, id)) continue;
      if (repository_.index().contains(BlobType::Data, id)) continue;
      TRY(visitor_.problem(path + "/" + printable(node.name),
                           error(Code::NotFound, "blob {} is in no pack", id)));
    }
    return {};
  }

  const Repository& repository_;
  const ReachableVisitor& visitor_;
  WorkStack work_;
};

}  // namespace

Result<void> visit_reachable(const Repository& repository, const std::vector<ReachableRoot>& roots,
                             const ReachableVisitor& visitor, unsigned workers,
                             std::stop_token stop) {
  ReachableWalk walk(repository, visitor);
  return walk.run(roots, workers, stop);
}

}  // namespace firebreak
