// ListDocuments and ListCollectionIds.
#pragma once

#include "standby/store.h"

namespace firebreak {

absl::Status list_documents(Store& store, const api::ListDocumentsRequest& request,
                            api::ListDocumentsResponse& response);
absl::Status list_collection_ids(Store& store, const api::ListCollectionIdsRequest& request,
                                 api::ListCollectionIdsResponse& response);

}  // namespace firebreak
