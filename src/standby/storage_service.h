// The Cloud Storage JSON API, apart from the socket it is asked on: buckets, objects and their
// versions, uploads, downloads. Thread-safe.
#pragma once

#include "standby/storage_uploads.h"

namespace firebreak {

class StorageService {
 public:
  // See StorageStore::open().
  static Result<std::unique_ptr<StorageService>> open(const std::string& folder, Clock& clock);

  // Never fails: what cannot be done is answered in the service's words. `origin` is what links
  // begin with, "http://127.0.0.1:9199".
  StorageResponse answer(const StorageRequest& request, const std::string& origin);

 private:
  explicit StorageService(std::unique_ptr<StorageStore> store)
      : store_(std::move(store)), uploads_(*store_) {}
  Answer<StorageResponse> route(const StorageRequest& request, const std::string& origin);
  Answer<StorageResponse> buckets(const StorageRequest& request, const std::string& origin);
  Answer<StorageResponse> bucket(const StorageRequest& request, const std::string& name,
                                 const std::string& origin);
  Answer<StorageResponse> objects(const StorageRequest& request, const std::string& bucket,
                                  const std::string& origin);
  Answer<StorageResponse> object(const StorageRequest& request, const std::string& bucket,
                                 const std::string& name, const std::string& origin);
  Answer<StorageResponse> copy(const StorageRequest& request, const std::string& origin);
  Answer<StorageResponse> read_object(const StorageRequest& request, const std::string& bucket,
                                      const std::string& name, const std::string& origin);

  const std::unique_ptr<StorageStore> store_;
  StorageUploads uploads_;
};

}  // namespace firebreak
