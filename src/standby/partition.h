// PartitionQuery: names that cut a collection group into parts of about one size. Costs a scan of
// the group.
#pragma once

#include "standby/store.h"

namespace firebreak {

absl::Status partition_query(Store& store, const api::PartitionQueryRequest& request,
                             api::PartitionQueryResponse& response);

}  // namespace firebreak
