// Calls to one bucket of Cloud Storage by its JSON API. Thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "net/google_service.h"
#include "storage/stored_object.h"

namespace firebreak {

class StorageClient {
 public:
  struct Options : GoogleService::Options {
    unsigned page_size = 1000;  // of listings; the service's own limit
  };
  // Asks nothing of the service yet. Borrows the clock.
  StorageClient(std::string bucket, Options options, Clock& clock);

  const std::string& bucket() const { return bucket_; }
  bool is_emulator() const { return service_.is_emulator(); }
  std::string url() const { return "gs://" + bucket_; }
  // For people: "the emulator at http://127.0.0.1:9199".
  std::string endpoint() const { return service_.place(); }

  // All are tried again while Unavailable; NotFound where there is no such bucket or object, Denied
  // and the other errors of google_error().

  // The bucket's configuration, as the service tells it.
  Result<nlohmann::json> describe_bucket(std::stop_token stop);
  struct Page {
    std::vector<StoredObject> objects;  // by the bytes of their names; may be none
    std::string next_token;             // empty on the last page
  };
  // Of names that begin with `prefix`. `token`: of the page before; empty for the first.
  Result<Page> list(const std::string& prefix, const std::string& token, std::stop_token stop);
  Result<StoredObject> find(const std::string& name, std::stop_token stop);
  // Stored bytes of that generation, encoded where they are, into the storage of `buffer`. Not
  // beyond the end; a length of 0 is not asked for. NotFound where the generation is gone.
  Result<Bytes> read(const StoredObject& object, std::uint64_t offset, std::uint64_t length,
                     Bytes buffer, std::stop_token stop);

  // Writes take the generation that they replace, 0 for none, and are Conflict where the object has
  // another by now. An answer that was lost is asked for: what was written is no conflict.

  // `description`: the fields that the object is to have; with a checksum the service compares.
  // Invalid where the service refuses it. The whole content at once.
  Result<StoredObject> insert(const nlohmann::json& description, ByteView content,
                              std::uint64_t replaces, std::stop_token stop);
  // The same, from `size` bytes that `next` gives one part after the other, each but the last a
  // multiple of 256 KiB. Its errors.
  using NextPart = std::function<Result<ByteView>()>;
  Result<StoredObject> insert_in_parts(const nlohmann::json& description, std::uint64_t size,
                                       const NextPart& next, std::uint64_t replaces,
                                       std::stop_token stop);
  // Of the object's fields those in `changes`; null takes one away.
  Result<void> patch(const StoredObject& object, const nlohmann::json& changes,
                     std::stop_token stop);
  Result<void> remove(const StoredObject& object, std::stop_token stop);

 private:
  HttpRequest upload_request(std::string_view type, const std::string& name,
                             std::uint64_t replaces) const;
  Result<StoredObject> settle(const nlohmann::json& description, Result<HttpResponse> answer,
                              std::stop_token stop);
  Result<HttpResponse> send_parts(const std::string& session, std::uint64_t size,
                                  const NextPart& next, std::stop_token stop);
  Result<nlohmann::json> get(const std::string& url, std::stop_token stop);
  std::string objects_url() const;

  const std::string bucket_;
  const unsigned page_size_;
  GoogleService service_;
};

// The project's buckets, by name. The client's errors.
Result<std::vector<std::string>> list_buckets(const std::string& project,
                                              StorageClient::Options options, Clock& clock,
                                              std::stop_token stop);

}  // namespace firebreak
