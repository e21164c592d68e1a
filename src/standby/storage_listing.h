// Lists of objects and buckets, page by page.
#pragma once

#include "standby/answer.h"
#include "standby/storage_http.h"
#include "standby/storage_overlay.h"

namespace firebreak {

// The API's answer to a list of the objects of a bucket, which must exist. INVALID_ARGUMENT.
Answer<nlohmann::json> list_objects(const StorageOverlay::View& view, const std::string& bucket,
                                    const StorageTarget& target, const std::string& origin);
// Of the buckets of a project.
Answer<nlohmann::json> list_buckets(const StorageOverlay::View& view, const StorageTarget& target,
                                    const std::string& origin);

}  // namespace firebreak
