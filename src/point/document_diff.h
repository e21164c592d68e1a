// What differs between two points' documents of one database. Leaves that both have are not read.
#pragma once

#include <functional>

#include "point/document_tree.h"

namespace firebreak {

struct DocumentDifference {
  std::string_view path;
  // Records; empty where there is no such document.
  ByteView before;
  ByteView after;
  // Not the times alone.
  bool fields_differ = true;
};

// Calls `each` for every document that differs, in the order of keys. An error of `each` ends it.
Result<void> diff_documents(const DocumentTree& before, const DocumentTree& after,
                            const std::function<Result<void>(const DocumentDifference& one)>& each,
                            std::stop_token stop);

}  // namespace firebreak
