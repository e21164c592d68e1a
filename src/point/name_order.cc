#include "point/name_order.h"

#include <algorithm>

#include "firestore/document_key.h"

namespace firebreak {

Result<NameOrder> NameOrder::begin(const DocumentTree& tree,
                                   const std::vector<std::string>& collection_ids,
                                   const PathRange& range) {
  NameOrder order;
  for (const std::string& id : collection_ids) {
    const std::string prefix = group_prefix(id);
    Group group{tree.documents(), prefix.size(),
                range.end.empty() ? after_prefix(prefix) : group_prefix(id, range.end)};
    TRY(group.documents.seek(group_prefix(id, range.begin)));
    if (!group.is_at_end()) order.groups_.push_back(std::move(group));
  }
  std::ranges::make_heap(order.groups_, comes_later);
  return order;
}

Result<void> NameOrder::next() {
  std::ranges::pop_heap(groups_, comes_later);
  TRY(groups_.back().documents.next());
  if (groups_.back().is_at_end()) {
    groups_.pop_back();
  } else {
    std::ranges::push_heap(groups_, comes_later);
  }
  return {};
}

}  // namespace firebreak
