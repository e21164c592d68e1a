// The bytes of an object, whole or a part of them, stored as they are or, where they are stored
// with gzip for a client that does not read it, decompressed.
#pragma once

#include "standby/answer.h"
#include "standby/storage_http.h"
#include "standby/storage_overlay.h"

namespace firebreak {

// `view` has the version and is kept until all is read. OUT_OF_RANGE where there is no such part.
Answer<StorageResponse> download(const StorageRequest& request,
                                 std::shared_ptr<const StorageOverlay::View> view,
                                 const ObjectVersion& version);

}  // namespace firebreak
