// Fields of a document as the messages of the API, reached by path.
#pragma once

#include <google/firestore/v1/common.pb.h>
#include <google/firestore/v1/document.pb.h>
#include <google/protobuf/map.h>

#include "standby/field_path.h"

namespace firebreak {

namespace api = google::firestore::v1;
using Fields = google::protobuf::Map<std::string, api::Value>;

// Nothing where no field is there.
const api::Value* find_field(const Fields& fields, const FieldPath& path);
// Makes the maps on the way, in place of whatever else stood there.
api::Value& make_field(Fields& fields, const FieldPath& path);
// Maps that become empty stay.
void erase_field(Fields& fields, const FieldPath& path);

// INVALID_ARGUMENT where a path is none, is there twice or lies within another.
Answer<std::vector<FieldPath>> parse_mask(const api::DocumentMask& mask);

// Leaves only the fields of the mask, and the maps around them.
void project(Fields& fields, const std::vector<FieldPath>& mask);

}  // namespace firebreak
