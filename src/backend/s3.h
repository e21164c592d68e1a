// A repository in a bucket of Amazon S3 or of a service that speaks its protocol, laid out as
// restic does: BUCKET/PREFIX/config, keys/, locks/, snapshots/, index/, data/<2 digits>/<id>.
// Buckets are addressed by path.
//
//  - A name is written once: the service itself refuses a taken one (If-None-Match). Where it does
//    not know that header, and in buckets with versions, where some forget it, the name is looked
//    up first; two writers at the same moment may then both find it free, which matters for
//    `config` alone: all other names are the hash of their bytes. With versions the older `config`
//    wins and the other goes; without, the later one replaces it.
//  - The payload's signed SHA-256 is the file's name, so that the service checks the bytes against
//    it; for `config` and parts it is computed.
//  - In a bucket with versions or object lock, remove() hides a file behind a delete marker, and a
//    removed name can be saved again. What is hidden is not found; getting it back is the business
//    of whoever administers the bucket. What somebody has covered by other bytes under its name is
//    found, for files loaded whole: the oldest version that fits the name is the file.
#pragma once

#include <atomic>
#include <set>

#include "backend/bucket_layout.h"
#include "backend/s3_client.h"
#include "base/mutex.h"

namespace firebreak {

struct S3Options {
  S3Location place;
  AwsCredentials credentials;
  std::string region = "us-east-1";  // to begin with: services tell which they want
  unsigned connections = 5;
  std::size_t part_bytes = std::size_t{64} << 20;  // files above it go in parts; at least 5 MiB
  HttpOptions http = {};
};

class S3Backend final : public Backend {
 public:
  // Asks nothing of the service yet. Borrows `clock`.
  S3Backend(const S3Options& options, Clock& clock);

  std::string location() const override { return location_; }
  unsigned connections() const override { return connections_; }
  // Makes the bucket where it is missing, in the region of the options.
  Result<void> create(std::stop_token stop) override;
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override;
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override;
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override;
  Result<void> remove(const FileName& file, std::stop_token stop) override;

 private:
  std::string target_of(const FileName& file) const;
  Result<void> list_keys(FileType type, const EachKey& each, std::stop_token stop);
  Error refused(const HttpResponse& response, std::string_view what) const;
  Result<void> make_bucket(std::stop_token stop);
  Result<void> expect_free(const FileName& file, std::stop_token stop);
  Result<void> expect_first(const FileName& file, const std::string& version, std::stop_token stop);
  Result<Bytes> load_original(const FileName& file, std::stop_token stop);
  Result<std::vector<std::string>> versions_of(const FileName& file, std::stop_token stop);
  void note_versions(const HttpResponse& response);
  Result<HttpResponse> put(const FileName& file, ByteView bytes, bool if_none,
                           std::stop_token stop);

  std::string location_;
  std::string bucket_;
  std::string root_;  // what all keys begin with: empty, or ends in '/'
  unsigned connections_;
  std::size_t part_bytes_;
  S3Client client_;
  std::atomic<bool> knows_if_none_ = true;    // until the service says otherwise
  std::atomic<bool> keeps_versions_ = false;  // as soon as any answer names one
  Mutex mutex_;
  std::set<FileName> overwritten_ GUARDED_BY(mutex_);  // whose first version was loaded instead
};

}  // namespace firebreak
