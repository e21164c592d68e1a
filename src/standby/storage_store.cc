#include "standby/storage_store.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "base/text.h"
#include "net/google_json.h"
#include "standby/storage_refusal.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::hours kUploadMax{7 * 24};

// How a version leaves the live ones.
void retire(StorageOverlay::Change& change, const std::string& bucket, bool is_kept,
            ObjectVersion version, WallTime now) {
  if (!is_kept) return change.remove_version(bucket, version);
  version.resource["timeDeleted"] = storage_time(now);
  change.put_version(bucket, version);
}

absl::Status check_bucket_conditions(const StorageConditions& conditions, const Json& bucket,
                                     bool is_read) {
  return check_conditions(conditions, 0, number_at(bucket, "metageneration").value_or(0), is_read);
}

}  // namespace

Answer<Json> find_bucket(const StorageOverlay::View& view, const std::string& name) {
  std::optional<Json> bucket = ANSWER(view.bucket(name));
  if (!bucket) return not_found("The specified bucket does not exist.");
  return *std::move(bucket);
}

Answer<ObjectVersion> find_object(const StorageOverlay::View& view, const std::string& bucket,
                                  const std::string& name,
                                  std::optional<std::uint64_t> generation) {
  ANSWER(find_bucket(view, bucket));
  std::optional<ObjectVersion> found;
  if (generation) {
    found = ANSWER(view.version(bucket, name, *generation));
  } else {
    found = ANSWER(view.live(bucket, name));
  }
  if (!found) return not_found(fmt::format("No such object: {}/{}", bucket, printable(name)));
  return *std::move(found);
}

Result<std::unique_ptr<StorageStore>> StorageStore::open(const std::string& folder, Clock& clock) {
  StorageOverlay overlay = TRY(StorageOverlay::open(folder));
  const std::uint64_t last = TRY(overlay.view().last_generation());
  std::unique_ptr<StorageStore> store(new StorageStore(std::move(overlay), clock, last));
  TRY(store->drop_old_uploads());
  return store;
}

Result<void> StorageStore::drop_old_uploads() {
  const StorageOverlay::View present = view();
  const std::vector<std::pair<std::string, Json>> uploads = TRY(present.uploads());
  const FileTime oldest = FileTime::from(clock_.now() - kUploadMax);
  for (const auto& [id, upload] : uploads) {
    const Result<FileTime> begun = parse_rfc3339(text_at(upload, "begun"));
    if (begun.ok() && *begun >= oldest) continue;
    StorageOverlay::Change change;
    change.remove_upload(id);
    if (!upload.contains("done")) {
      const std::string content = text_at(upload, "content");
      const std::uint64_t size = TRY(present.content_size(content));
      change.remove_content(content, size);
    }
    TRY(overlay_.write(std::move(change)));
  }
  return {};
}

Answer<Json> StorageStore::create_bucket(const Json& given, const std::string& project) {
  const MutexLock lock(mutex_);
  Json bucket = ANSWER(new_bucket(given, project, now()));
  const std::string name = text_at(bucket, "name");
  const std::optional<Json> there = ANSWER(view().bucket(name));
  if (there) {
    return absl::AlreadyExistsError(
        "Your previous request to create the named bucket succeeded and you already own it.");
  }
  StorageOverlay::Change change;
  change.put_bucket(name, bucket);
  ANSWER(overlay_.write(std::move(change)));
  return bucket;
}

Answer<Json> StorageStore::patch_bucket(const std::string& name, const Json& changes,
                                        const StorageConditions& conditions) {
  const MutexLock lock(mutex_);
  Json bucket = ANSWER(find_bucket(view(), name));
  ANSWER(check_bucket_conditions(conditions, bucket, false));
  Json patched = ANSWER(patched_bucket(std::move(bucket), changes, now()));
  StorageOverlay::Change change;
  change.put_bucket(name, patched);
  ANSWER(overlay_.write(std::move(change)));
  return patched;
}

absl::Status StorageStore::remove_bucket(const std::string& name,
                                         const StorageConditions& conditions) {
  const MutexLock lock(mutex_);
  const StorageOverlay::View present = view();
  const Json bucket = ANSWER(find_bucket(present, name));
  ANSWER(check_bucket_conditions(conditions, bucket, false));
  StorageOverlay::View::Versions versions = present.versions(name);
  ANSWER(versions.seek(""));
  if (!versions.is_at_end()) {
    return absl::AlreadyExistsError("The bucket you tried to delete is not empty.");
  }
  StorageOverlay::Change change;
  change.remove_bucket(name);
  ANSWER(overlay_.write(std::move(change)));
  return {};
}

Answer<ObjectVersion> StorageStore::insert(const std::string& bucket, const NewObject& object,
                                           const StorageConditions& conditions) {
  const MutexLock lock(mutex_);
  const StorageOverlay::View present = view();
  const Json owner = ANSWER(find_bucket(present, bucket));
  const std::optional<ObjectVersion> live = ANSWER(present.live(bucket, object.name));
  ANSWER(check_conditions(conditions, live ? live->generation : 0,
                          live ? live->metageneration() : 0, false));
  if (live) ANSWER(check_not_held(*live));
  const WallTime time = now();
  const auto microseconds = std::chrono::floor<std::chrono::microseconds>(time);
  last_ = std::max(last_ + 1, static_cast<std::uint64_t>(microseconds.time_since_epoch().count()));

  ObjectVersion version{object.name, last_, object.content, Json::object()};
  Json& resource = version.resource;
  resource = {{"name", object.name},
              {"metageneration", "1"},
              {"size", std::to_string(object.size)},
              {"crc32c", crc32c_text(object.checksums)},
              {"md5Hash", md5_text(object.checksums)},
              {"storageClass", field_at(owner, "storageClass")}};
  for (const char* field : {"timeCreated", "updated", "timeStorageClassUpdated", "timeFinalized"}) {
    resource[field] = storage_time(time);
  }
  if (field_at(owner, "defaultEventBasedHold") == Json(true)) resource["eventBasedHold"] = true;
  resource.merge_patch(object.fields);

  StorageOverlay::Change change;
  if (live) retire(change, bucket, keeps_versions(owner), *live, time);
  change.put_version(bucket, version);
  change.put_last_generation(last_);
  change.name_content(object.content);
  if (!object.upload.empty()) {
    Json done = resource;
    done["generation"] = std::to_string(version.generation);
    const Json upload = {{"begun", storage_time(time)}, {"bucket", bucket}, {"done", done}};
    change.put_upload(object.upload, upload);
  }
  ANSWER(overlay_.write(std::move(change)));
  return version;
}

Answer<ObjectVersion> StorageStore::patch(const std::string& bucket, const std::string& name,
                                          std::optional<std::uint64_t> generation,
                                          const Json& changes,
                                          const StorageConditions& conditions) {
  const MutexLock lock(mutex_);
  ObjectVersion version = ANSWER(find_object(view(), bucket, name, generation));
  ANSWER(check_conditions(conditions, version.generation, version.metageneration(), false));
  version.resource = ANSWER(patched_object(std::move(version.resource), changes, now()));
  StorageOverlay::Change change;
  change.put_version(bucket, version);
  ANSWER(overlay_.write(std::move(change)));
  return version;
}

absl::Status StorageStore::remove(const std::string& bucket, const std::string& name,
                                  std::optional<std::uint64_t> generation,
                                  const StorageConditions& conditions) {
  const MutexLock lock(mutex_);
  const StorageOverlay::View present = view();
  const Json owner = ANSWER(find_bucket(present, bucket));
  const ObjectVersion version = ANSWER(find_object(present, bucket, name, generation));
  ANSWER(check_conditions(conditions, version.generation, version.metageneration(), false));
  ANSWER(check_not_held(version));
  StorageOverlay::Change change;
  retire(change, bucket, !generation && keeps_versions(owner), version, now());
  ANSWER(overlay_.write(std::move(change)));
  return {};
}

}  // namespace firebreak
