// A repository in a bucket of Google Cloud Storage, behind its JSON API, laid out as restic does.
//
//  - A name is written once: an upload is for generation 0, which the service refuses (412) where
//    the object exists. So an upload whose answer was lost may be sent again.
//  - The service checks an upload against its MD5 before there is an object, and tells the MD5 of
//    what it has; an object that differs is removed again.
//  - Objects have no content encoding, and no compressed transfer is asked for: a download has as
//    many bytes as the object. (An encoded object would be decoded on its way, whatever the range.)
//  - A retention policy or a hold makes remove() Denied until it ends.
#pragma once

#include "backend/bucket_layout.h"
#include "net/google_client.h"

namespace firebreak {

// What GcsBackend's tokens must be good for.
constexpr char kGcsScope[] = "https://www.googleapis.com/auth/devstorage.read_write";

struct GcsOptions {
  std::string endpoint = kStorageEndpoint;
  std::string bucket;
  std::string prefix = {};   // neither begins nor ends with a slash; may be empty
  std::string project = {};  // in which create() makes a missing bucket; empty for never
  unsigned connections = 5;
  unsigned page_size = 1000;  // of listings; the service's own limit
  HttpOptions http = {};
};

class GcsBackend final : public Backend {
 public:
  // Asks nothing of the service yet. No credentials for an emulator.
  GcsBackend(const GcsOptions& options, std::unique_ptr<GoogleCredentials> credentials);

  std::string location() const override;
  unsigned connections() const override { return options_.connections; }
  // Makes the bucket where it is missing and the project is known; NotFound where it is not.
  Result<void> create(std::stop_token stop) override;
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override;
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override;
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override;
  Result<void> remove(const FileName& file, std::stop_token stop) override;

 private:
  std::string url_of(const FileName& file, std::string_view query) const;
  Result<void> list_keys(FileType type, const EachKey& each, std::stop_token stop);
  Error refused(const HttpResponse& response, const FileName& file) const;
  Error no_bucket() const;
  Result<void> expect_bucket(std::stop_token stop);
  Result<void> make_bucket(std::stop_token stop);
  Result<void> take_back(const FileName& file, const std::string& generation, std::stop_token stop);

  GcsOptions options_;
  std::string root_;  // what all keys begin with: empty, or ends in '/'
  GoogleClient client_;
};

}  // namespace firebreak
