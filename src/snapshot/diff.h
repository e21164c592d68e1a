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

  // As restic's: "+", "-", "T", "M", "U", and "TU" and so on.
  std::string modifier() const;
};

// In the order of paths, every entry of an added or removed folder too. Metadata alone counts only
// `with_metadata`. Holds one tree of each side a level.
Result<void> diff_trees(const Repository& repository, const BlobId& before, const BlobId& after,
                        bool with_metadata,
                        const std::function<Result<void>(const Difference&)>& each,
                        std::stop_token stop);

}  // namespace firebreak
