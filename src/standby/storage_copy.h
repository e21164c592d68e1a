// Copies of objects within the stand-in, which rename and move are made of, too.
#pragma once

#include "standby/storage_http.h"
#include "standby/storage_store.h"

namespace firebreak {

struct ObjectName {
  std::string bucket;
  std::string name;
};

// A new object with the bytes of the live one of `source`, or of its sourceGeneration, and with its
// fields, unless the request's body has others. What is asked of either is checked.
Answer<ObjectVersion> copy_object(StorageStore& store, const StorageRequest& request,
                                  const ObjectName& source, const ObjectName& target);

}  // namespace firebreak
