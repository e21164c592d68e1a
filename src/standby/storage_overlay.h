// Buckets, the versions of their objects with their bytes, and uploads that are under way: what the
// stand-in for Cloud Storage was written to, in RocksDB. Content is kept in pieces under an id of
// its own, written before the version that names it, so that a version never lacks its bytes.
//
// Thread-safe. What write() was given is seen at once, and durable after the next sync().
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <rocksdb/db.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/write_batch.h>
#include <string>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/result.h"

namespace firebreak {

// The unit of the service's resumable uploads, so that one goes on where a piece begins.
constexpr std::size_t kContentPieceBytes = 256 << 10;

struct ObjectVersion {
  std::string name;
  std::uint64_t generation = 0;
  std::string content;  // its id
  nlohmann::json
      resource;  // fields of the API; but for kind, id, links, etag, which follow from it

  std::uint64_t size() const;
  std::uint64_t metageneration() const;
  bool is_live() const { return !resource.contains("timeDeleted"); }
};

class StorageOverlay {
 public:
  // Makes the folder where there is none. Io where it is in use or cannot be read.
  static Result<StorageOverlay> open(const std::string& folder);

  // All or nothing of it is written.
  class Change {
   public:
    void put_bucket(const std::string& bucket, const nlohmann::json& resource);
    void remove_bucket(const std::string& bucket);
    void put_version(const std::string& bucket, const ObjectVersion& version);
    void put_last_generation(std::uint64_t generation);
    // With its bytes.
    void remove_version(const std::string& bucket, const ObjectVersion& version);
    void put_upload(const std::string& id, const nlohmann::json& upload);
    void remove_upload(const std::string& id);
    // Of content that nothing names yet; once it is open()ed again without a name, it is gone.
    void begin_content(const std::string& content);
    void name_content(const std::string& content);
    void put_piece(const std::string& content, std::uint64_t index, ByteView piece);
    void remove_content(const std::string& content, std::uint64_t size);

   private:
    friend class StorageOverlay;
    rocksdb::WriteBatch batch_;
  };
  Result<void> write(Change change);
  Result<void> sync();

  // All as it is at one moment, for as long as the view lives. Borrows the overlay.
  class View {
   public:
    Result<std::optional<nlohmann::json>> bucket(const std::string& name) const;
    Result<std::optional<ObjectVersion>> live(const std::string& bucket,
                                              const std::string& name) const;
    Result<std::optional<ObjectVersion>> version(const std::string& bucket, const std::string& name,
                                                 std::uint64_t generation) const;
    Result<std::optional<nlohmann::json>> upload(const std::string& id) const;
    // Corrupt where it is not there.
    Result<Bytes> piece(const std::string& content, std::uint64_t index) const;
    // The bytes of all pieces.
    Result<std::uint64_t> content_size(const std::string& content) const;

    // By the bytes of names, of one name the oldest generation first. Borrows the view.
    class Versions {
     public:
      // To the first whose name is not less, or, with a generation, comes behind that one.
      Result<void> seek(const std::string& name,
                        std::optional<std::uint64_t> behind = std::nullopt);
      Result<void> next();
      bool is_at_end() const { return !version_; }
      const ObjectVersion& version() const { return *version_; }

     private:
      friend class View;
      Versions(std::unique_ptr<rocksdb::Iterator> rows, std::string prefix)
          : rows_(std::move(rows)), prefix_(std::move(prefix)) {}
      Result<void> settle();

      std::unique_ptr<rocksdb::Iterator> rows_;
      std::string prefix_;  // of the bucket
      std::optional<ObjectVersion> version_;
    };
    Versions versions(const std::string& bucket) const;
    // Names of uploads and what was said of them.
    Result<std::vector<std::pair<std::string, nlohmann::json>>> uploads() const;
    // The buckets from `name` on.
    Result<std::vector<nlohmann::json>> buckets(const std::string& name) const;
    // The newest generation that was ever given; 0 where none was.
    Result<std::uint64_t> last_generation() const;

   private:
    friend class StorageOverlay;
    explicit View(rocksdb::DB& db)
        : db_(db), snapshot_(std::make_unique<rocksdb::ManagedSnapshot>(&db)) {}
    rocksdb::ReadOptions options() const;
    Result<std::optional<std::string>> get(const std::string& key) const;

    rocksdb::DB& db_;
    std::unique_ptr<rocksdb::ManagedSnapshot> snapshot_;
  };
  View view() const { return View(*db_); }

 private:
  explicit StorageOverlay(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
  Result<void> drop_unnamed_content();

  std::unique_ptr<rocksdb::DB> db_;
  // RocksDB writes its log by one thread at a time anyway, but hands changes from thread to thread
  // where TSan does not see it. Apart, because an overlay is moved.
  std::unique_ptr<Mutex> writing_ = std::make_unique<Mutex>();
};

}  // namespace firebreak
