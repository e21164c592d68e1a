// What differs between two trees, folder by folder; equal subtrees are passed over by their ids.
#pragma once

#include <functional>

#include "repository/repository.h"
#include "snapshot/node.h"

namespace firebreak {

struct Difference {
  std::string path;  // with a slash at the front
  // Absent: the entry is on the other side only.
  const Node* before = nullptr;
  const Node* after = nullptr;
  bool type_changed = false;
  bool content_changed = false;
  bool metadata_changed = false;  // mode, owner, times, attributes, link target
  bool is_suspicious = false;     // content changed, and nothing else: bit rot, perhaps

  // As restic's: "+", "-", "T", "M", "U", and "TU" and so on; "M?" where it is suspicious.
  std::string modifier() const;
};

struct DiffVisitor {
  std::function<Result<void>(const Difference&)> each;
  // A folder that cannot be read on one side or both; it is passed over. Absent: the walk ends
  // there.
  std::function<Result<void>(const std::string& path, const Error& problem)> unreadable;
};

// In the order of paths, every entry of an added or removed folder too. Metadata alone counts only
// `with_metadata`; what lies below a folder is not its metadata. Holds one tree of each side a
// level.
Result<void> diff_trees(const Repository& repository, const BlobId& before, const BlobId& after,
                        bool with_metadata, const DiffVisitor& visitor, std::stop_token stop);

}  // namespace firebreak
