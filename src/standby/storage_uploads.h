// Uploads of objects in their three forms: the bytes alone, metadata and bytes in one body, and in
// parts that go on where they broke off. Thread-safe.
#pragma once

#include <set>

#include "standby/storage_content.h"
#include "standby/storage_http.h"
#include "standby/storage_store.h"

namespace firebreak {

class StorageUploads {
 public:
  explicit StorageUploads(StorageStore& store) : store_(store) {}

  // To "/upload/storage/v1/b/BUCKET/o".
  Answer<StorageResponse> answer(const StorageRequest& request, const std::string& bucket,
                                 const std::string& origin);

 private:
  // Requests of one upload wait for each other: who tries again may meet himself.
  class Turn {
   public:
    Turn(StorageUploads& uploads, const std::string& id);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    StorageUploads& uploads_;
    const std::string id_;
  };

  Answer<StorageResponse> simple(const StorageRequest& request, const std::string& bucket,
                                 const std::string& origin);
  Answer<StorageResponse> multipart(const StorageRequest& request, const std::string& bucket,
                                    const std::string& origin);
  Answer<StorageResponse> begin(const StorageRequest& request, const std::string& bucket,
                                const std::string& origin);
  Answer<StorageResponse> go_on(const StorageRequest& request, const std::string& bucket,
                                const std::string& origin);
  Answer<StorageResponse> take_part(const StorageRequest& request, const std::string& id,
                                    const nlohmann::json& upload, const std::string& origin);
  Answer<StorageResponse> finish(const StorageRequest& request, const std::string& id,
                                 const nlohmann::json& upload, std::uint64_t size,
                                 const std::string& origin);
  Answer<StorageResponse> cancel(const StorageRequest& request, const std::string& bucket);
  absl::Status drop(const std::string& id, const nlohmann::json& upload);
  Answer<StorageResponse> store(const StorageRequest& request, const std::string& bucket,
                                const nlohmann::json& metadata, const std::string& content_type,
                                ContentWriter& writer, const std::string& origin);

  StorageStore& store_;
  Mutex mutex_;
  Condition freed_;
  std::set<std::string> busy_ GUARDED_BY(mutex_);
};

}  // namespace firebreak
