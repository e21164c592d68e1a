#include "standby/storage_resource.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "base/text.h"
#include "net/google_json.h"
#include "net/url.h"
#include "standby/storage_names.h"
#include "standby/storage_refusal.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kCustomMetadataMax = 8 << 10;  // keys and values

constexpr std::pair<const char*, Json::value_t> kObjectFields[] = {
    {"contentType", Json::value_t::string},
    {"contentEncoding", Json::value_t::string},
    {"contentDisposition", Json::value_t::string},
    {"contentLanguage", Json::value_t::string},
    {"cacheControl", Json::value_t::string},
    {"customTime", Json::value_t::string},
    {"eventBasedHold", Json::value_t::boolean},
    {"temporaryHold", Json::value_t::boolean},
    {"acl", Json::value_t::array},  // kept, and without effect here
};
constexpr const char* kHolds[] = {"eventBasedHold", "temporaryHold"};
// Nobody would keep what they promise.
constexpr const char* kNotKept[] = {"retention", "kmsKeyName", "contexts"};

constexpr const char* kClasses[] = {"STANDARD",
                                    "NEARLINE",
                                    "COLDLINE",
                                    "ARCHIVE",
                                    "MULTI_REGIONAL",
                                    "REGIONAL",
                                    "DURABLE_REDUCED_AVAILABILITY"};
constexpr const char* kBucketNotKept[] = {"retentionPolicy", "objectRetention", "encryption"};
constexpr const char* kBucketOutputs[] = {
    "kind",         "id",      "selfLink", "name",         "projectNumber",  "metageneration",
    "timeCreated",  "updated", "etag",     "generation",   "softDeleteTime", "hardDeleteTime",
    "locationType", "owner",   "project",  "satisfiesPZI", "satisfiesPZS",   "projectId"};

absl::Status check_class(const Json& value) {
  const bool is_known = value.is_string() && std::ranges::any_of(kClasses, [&](const char* one) {
                          return value.get_ref<const std::string&>() == one;
                        });
  return is_known ? absl::Status() : invalid("The storage class you specified is not valid.");
}

// Their values may be written as numbers and truths, which the service takes as text; null stays.
Answer<Json> custom_metadata(const Json& given) {
  if (given.is_null()) return given;
  if (!given.is_object()) return invalid("Invalid value for: metadata");
  Json metadata = Json::object();
  for (const auto& [key, value] : given.items()) {
    if (key.empty() || value.is_structured()) return invalid("Invalid value for: metadata");
    metadata[key] = value.is_string() || value.is_null() ? value : Json(dump_json(value));
  }
  return metadata;
}

absl::Status check_custom_metadata(const Json& resource) {
  std::size_t size = 0;
  for (const auto& [key, value] : field_at(resource, "metadata").items()) {
    size += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (size <= kCustomMetadataMax) return {};
  return invalid("The total size of the custom metadata, {} bytes, is more than {}.", size,
                 kCustomMetadataMax);
}

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 128; number >>= 7) bytes += static_cast<char>(number % 128 + 128);
  return bytes += static_cast<char>(number);
}

std::string etag(std::uint64_t generation, std::uint64_t metageneration) {
  return to_base64(as_bytes("\x08" + varint(generation) + "\x10" + varint(metageneration)));
}

Json next_metageneration(Json resource, WallTime now) {
  const std::uint64_t metageneration = number_at(resource, "metageneration").value_or(0) + 1;
  resource["metageneration"] = std::to_string(metageneration);
  resource["updated"] = storage_time(now);
  return resource;
}

Answer<Json> bucket_fields(Json given) {
  for (const char* output : kBucketOutputs) given.erase(output);
  if (const Json& storage_class = field_at(given, "storageClass"); !storage_class.is_null()) {
    ANSWER(check_class(storage_class));
  }
  const Json& versioning = field_at(given, "versioning");
  const Json& enabled = field_at(versioning, "enabled");
  if ((!versioning.is_null() && !versioning.is_object()) ||
      (!enabled.is_null() && !enabled.is_boolean())) {
    return invalid("Invalid value for: versioning");
  }
  const Json& labels = field_at(given, "labels");
  if (!labels.is_null() && !labels.is_object()) return invalid("Invalid value for: labels");
  for (const char* name : kBucketNotKept) {
    if (!field_at(given, name).is_null()) return not_served(fmt::format("{} of buckets", name));
  }
  return given;
}

}  // namespace

std::string storage_time(WallTime time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(milliseconds);
  const std::string whole = format_rfc3339(WallTime(seconds));  // "…:07Z"
  return fmt::format("{}.{:03}Z", whole.substr(0, whole.size() - 1),
                     (milliseconds - seconds).count());
}

std::string crc32c_text(const ContentChecksums& checksums) {
  std::byte big_endian[4];
  for (unsigned i = 0; i < 4; ++i) {
    big_endian[i] = static_cast<std::byte>(checksums.crc32c >> (24 - 8 * i));
  }
  return to_base64(big_endian);
}

std::string md5_text(const ContentChecksums& checksums) {
  return to_base64(checksums.md5);
}

Answer<Json> object_fields(const Json& given) {
  Json fields = Json::object();
  for (const auto& [name, type] : kObjectFields) {
    const auto value = given.find(name);
    if (value == given.end()) continue;
    if (!value->is_null() && value->type() != type) return invalid("Invalid value for: {}", name);
    fields[name] = *value;
  }
  for (const char* name : kNotKept) {
    if (!field_at(given, name).is_null()) return not_served(fmt::format("{} of objects", name));
  }
  if (const std::string time = text_at(fields, "customTime"); !time.empty()) {
    if (!parse_rfc3339(time).ok()) return invalid("Invalid value for: customTime");
  }
  if (given.contains("metadata")) fields["metadata"] = ANSWER(custom_metadata(given["metadata"]));
  if (const Json& storage_class = field_at(given, "storageClass"); !storage_class.is_null()) {
    ANSWER(check_class(storage_class));
    fields["storageClass"] = storage_class;
  }
  ANSWER(check_custom_metadata(fields));
  return fields;
}

Answer<Json> patched_object(Json resource, const Json& changes, WallTime now) {
  Json fields = ANSWER(object_fields(changes));
  fields.erase("storageClass");  // of what is stored it is changed by a rewrite alone
  const std::string before = text_at(resource, "customTime");
  if (fields.contains("customTime") && !before.empty()) {
    const std::string after = text_at(fields, "customTime");
    const Result<FileTime> old_time = parse_rfc3339(before);
    const Result<FileTime> new_time = parse_rfc3339(after);
    if (!new_time.ok() || (old_time.ok() && *new_time < *old_time)) {
      return invalid("Custom time cannot be removed or set to an earlier time.");
    }
  }
  resource.merge_patch(fields);
  if (resource.contains("metadata") && resource["metadata"].empty()) resource.erase("metadata");
  ANSWER(check_custom_metadata(resource));
  return next_metageneration(std::move(resource), now);
}

absl::Status check_not_held(const ObjectVersion& version) {
  for (const char* hold : kHolds) {
    if (field_at(version.resource, hold) == Json(true)) {
      return refuse(absl::StatusCode::kPermissionDenied,
                    "Object '{}' is under active hold and cannot be deleted, overwritten or "
                    "archived until the hold is removed.",
                    printable(version.name));
    }
  }
  return {};
}

Answer<Json> new_bucket(const Json& given, const std::string& project, WallTime now) {
  const std::string name = text_at(given, "name");
  ANSWER(check_bucket_name(name));
  Json bucket = ANSWER(bucket_fields(given));
  const Json defaults = {{"storageClass", "STANDARD"}, {"location", "US"}};
  for (const auto& [field, value] : defaults.items()) {
    if (field_at(bucket, field.c_str()).is_null()) bucket[field] = value;
  }
  if (!bucket["location"].is_string()) return invalid("Invalid value for: location");
  std::string location = bucket["location"];
  std::ranges::transform(location, location.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  bucket["location"] = location;
  bucket["locationType"] = location.find('-') == location.npos ? "multi-region" : "region";
  bucket["name"] = name;
  bucket["project"] = project;
  bucket["timeCreated"] = storage_time(now);
  Json present = Json::object();
  present.merge_patch(bucket);  // without what is null
  return next_metageneration(std::move(present), now);
}

Answer<Json> patched_bucket(Json resource, const Json& changes, WallTime now) {
  Json fields = ANSWER(bucket_fields(changes));
  fields.erase("location");
  resource.merge_patch(fields);
  if (!resource.contains("storageClass")) resource["storageClass"] = "STANDARD";
  return next_metageneration(std::move(resource), now);
}

bool keeps_versions(const Json& bucket) {
  return field_at(field_at(bucket, "versioning"), "enabled") == Json(true);
}

std::string object_etag(const ObjectVersion& version) {
  return etag(version.generation, version.metageneration());
}

Json object_answer(const std::string& bucket, const ObjectVersion& version,
                   const std::string& origin) {
  Json answer = version.resource;
  const std::string path =
      fmt::format("storage/v1/b/{}/o/{}", percent_encode(bucket), percent_encode(version.name));
  answer["kind"] = "storage#object";
  answer["id"] = fmt::format("{}/{}/{}", bucket, version.name, version.generation);
  answer["bucket"] = bucket;
  answer["generation"] = std::to_string(version.generation);
  answer["etag"] = object_etag(version);
  answer["selfLink"] = fmt::format("{}/{}", origin, path);
  answer["mediaLink"] =
      fmt::format("{}/download/{}?generation={}&alt=media", origin, path, version.generation);
  return answer;
}

Json bucket_answer(Json resource, const std::string& origin) {
  const std::string name = text_at(resource, "name");
  resource.erase("project");
  resource["kind"] = "storage#bucket";
  resource["id"] = name;
  resource["etag"] = etag(0, number_at(resource, "metageneration").value_or(0));
  resource["selfLink"] = fmt::format("{}/storage/v1/b/{}", origin, percent_encode(name));
  return resource;
}

}  // namespace firebreak
