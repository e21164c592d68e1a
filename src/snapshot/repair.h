// Snapshots that name lost data, rewritten without it: what is left can be restored without errors.
#pragma once

#include <functional>
#include <unordered_map>

#include "repository/blob_saver.h"
#include "snapshot/node.h"
#include "snapshot/snapshot.h"

namespace firebreak {

// Repairs the trees of many snapshots; what they share is repaired once. Not thread-safe.
class SnapshotRepairer {
 public:
  // What is lost, by path: a file cut short, a folder emptied.
  using Report = std::function<void(const std::string& path, const std::string& loss)>;

  SnapshotRepairer(const Repository& repository, BlobSaver& saver, Report report)
      : repository_(repository), saver_(saver), report_(std::move(report)) {}

  // The tree without what is missing: files keep the blobs that are there, a folder whose tree
  // cannot be read becomes empty. The same id where nothing is wrong. New trees are durable
  // after the saver's finish(), and no snapshot may name them before.
  Result<BlobId> repair(const BlobId& root, std::stop_token stop);
  // Trees that were damaged and could be made again, because an empty folder's is known: nothing is
  // lost, and they are stored anew.
  std::size_t remade() const { return remade_; }

 private:
  struct Level;
  Result<Level> enter(std::string path, const BlobId& id, std::stop_token stop);
  bool repair_content(const std::string& path, Node& node);

  const Repository& repository_;
  BlobSaver& saver_;
  const Report report_;
  std::size_t remade_ = 0;
  std::unordered_map<BlobId, BlobId> done_;  // damaged or not, what a tree became
};

}  // namespace firebreak
