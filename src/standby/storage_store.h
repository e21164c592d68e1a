// The buckets and objects that the stand-in has, changed one after the other: what is asked of them
// as they are is checked and done in one step. Durable after the overlay's next sync().
// Thread-safe.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"
#include "standby/storage_conditions.h"
#include "standby/storage_overlay.h"
#include "standby/storage_resource.h"

namespace firebreak {

struct NewObject {
  std::string name;
  nlohmann::json fields = nlohmann::json::object();  // of object_fields()
  std::string content;                               // its id in the overlay
  std::uint64_t size = 0;
  ContentChecksums checksums = {};
  std::string upload = {};  // that ends with it; empty where it came in one request
};

class StorageStore {
 public:
  // Borrows the clock. Takes back uploads that nobody has gone on with for a week.
  static Result<std::unique_ptr<StorageStore>> open(const std::string& folder, Clock& clock);

  StorageOverlay& overlay() { return overlay_; }
  StorageOverlay::View view() const { return overlay_.view(); }
  WallTime now() const { return clock_.now(); }

  // Resources as they are stored, see bucket_answer(). ALREADY_EXISTS.
  Answer<nlohmann::json> create_bucket(const nlohmann::json& given, const std::string& project);
  Answer<nlohmann::json> patch_bucket(const std::string& name, const nlohmann::json& changes,
                                      const StorageConditions& conditions);
  // ALREADY_EXISTS while there is an object in it.
  absl::Status remove_bucket(const std::string& name, const StorageConditions& conditions);

  // Replaces the live object of the name, which stays where the bucket keeps versions.
  Answer<ObjectVersion> insert(const std::string& bucket, const NewObject& object,
                               const StorageConditions& conditions);
  // Without a generation, of the live object.
  Answer<ObjectVersion> patch(const std::string& bucket, const std::string& name,
                              std::optional<std::uint64_t> generation,
                              const nlohmann::json& changes, const StorageConditions& conditions);
  // That generation for good; without one the live object, see insert().
  absl::Status remove(const std::string& bucket, const std::string& name,
                      std::optional<std::uint64_t> generation, const StorageConditions& conditions);

 private:
  StorageStore(StorageOverlay overlay, Clock& clock, std::uint64_t last)
      : overlay_(std::move(overlay)), clock_(clock), last_(last) {}
  Result<void> drop_old_uploads();

  StorageOverlay overlay_;
  Clock& clock_;
  Mutex mutex_;                            // of everything that reads to decide what it writes
  std::uint64_t last_ GUARDED_BY(mutex_);  // of all generations
};

// NOT_FOUND.
Answer<nlohmann::json> find_bucket(const StorageOverlay::View& view, const std::string& name);
// Without a generation, the live object. NOT_FOUND, also where the bucket is not there.
Answer<ObjectVersion> find_object(const StorageOverlay::View& view, const std::string& bucket,
                                  const std::string& name, std::optional<std::uint64_t> generation);

}  // namespace firebreak
