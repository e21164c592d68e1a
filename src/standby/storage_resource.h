// The resources of the Cloud Storage API as they are written and read: "Objects" and "Buckets" in
// its reference.
#pragma once

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "crypto/md5.h"
#include "standby/answer.h"
#include "standby/storage_overlay.h"

namespace firebreak {

// As the API spells times.
std::string storage_time(WallTime time);

struct ContentChecksums {
  std::uint32_t crc32c = 0;
  Md5 md5{};
};
// As the API spells them: base64, the number with its most significant byte first.
std::string crc32c_text(const ContentChecksums& checksums);
std::string md5_text(const ContentChecksums& checksums);

// The fields of `given` that a caller decides on. INVALID_ARGUMENT for a value that the field
// cannot have, UNIMPLEMENTED for what would not be kept as promised: encryption, retention.
Answer<nlohmann::json> object_fields(const nlohmann::json& given);
// With what `changes` says of such fields; null takes one away, in custom metadata too.
Answer<nlohmann::json> patched_object(nlohmann::json resource, const nlohmann::json& changes,
                                      WallTime now);
// PERMISSION_DENIED for an object that a hold protects from being replaced or deleted.
absl::Status check_not_held(const ObjectVersion& version);

// A new bucket. INVALID_ARGUMENT.
Answer<nlohmann::json> new_bucket(const nlohmann::json& given, const std::string& project,
                                  WallTime now);
Answer<nlohmann::json> patched_bucket(nlohmann::json resource, const nlohmann::json& changes,
                                      WallTime now);
bool keeps_versions(const nlohmann::json& bucket);

// As they are answered, with links. `origin`: "http://127.0.0.1:9199".
nlohmann::json object_answer(const std::string& bucket, const ObjectVersion& version,
                             const std::string& origin);
nlohmann::json bucket_answer(nlohmann::json resource, const std::string& origin);
std::string object_etag(const ObjectVersion& version);

}  // namespace firebreak
