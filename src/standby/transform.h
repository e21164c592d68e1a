// Field transforms: what a write computes from the value that it finds.
#pragma once

#include <google/firestore/v1/write.pb.h>

#include "standby/values.h"

namespace firebreak {

// Applies one and answers what the caller is told of it: the new value, null for those of arrays.
Answer<api::Value> apply_transform(const api::DocumentTransform::FieldTransform& transform,
                                   FirestoreTime commit_time, Values& values, Fields& fields);

}  // namespace firebreak
