// What the Cloud Storage API says where it does not do what it was asked: an absl::Status inside,
// the service's JSON outside. Of codes that HTTP has no word for: OUT_OF_RANGE is 416, ABORTED is
// 304 (nothing has changed), CANCELLED is 499 (the upload was taken back).
#pragma once

#include <nlohmann/json.hpp>

#include "standby/answer.h"
#include "standby/storage_http.h"

namespace firebreak {

absl::Status not_found(std::string_view message = "Not Found");
// 400 with the reason "required".
absl::Status required(std::string_view what);
// 412.
absl::Status condition_not_met();
absl::Status not_served(std::string_view what);

StorageResponse refused(const absl::Status& status);
StorageResponse json_response(const nlohmann::json& json, int status = 200);

// JSON as text; what is no UTF-8 in it replaced.
std::string dump_json(const nlohmann::json& json);
// An object of JSON, no deeper than any that the API has; null for an empty text. INVALID_ARGUMENT.
Answer<nlohmann::json> parse_bounded_json(std::string_view text);
// The whole body. INVALID_ARGUMENT where it is larger than any that the API has.
Answer<nlohmann::json> read_json(const StorageRequest& request);

}  // namespace firebreak
