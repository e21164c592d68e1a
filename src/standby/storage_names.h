// Names of buckets and objects as Cloud Storage takes them ("About Cloud Storage buckets" and
// "objects" in its documentation).
#pragma once

#include <string_view>

#include "standby/answer.h"

namespace firebreak {

// INVALID_ARGUMENT in the service's words.
absl::Status check_bucket_name(std::string_view name);
absl::Status check_object_name(std::string_view name);

}  // namespace firebreak
