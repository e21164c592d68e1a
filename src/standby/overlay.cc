#include "standby/overlay.h"

#include <rocksdb/write_batch.h>

#include "base/text.h"
#include "standby/rocksdb.h"

namespace firebreak {
namespace {

constexpr std::size_t kTimeBytes = 8;
// Between a document's key and the time. No key continues so: what follows a document id is a
// collection id, and those are no numbers.
constexpr std::string_view kVersions("\0\0", 2);
constexpr std::string_view kBehindVersions("\0\1", 2);
constexpr std::string_view kLastCommit("\0last", 5);
constexpr std::string_view kBase("\0base", 5);

std::string prefix_of(const std::string& database) {
  return database + '\0';
}

std::string version_prefix(std::string_view prefix, std::string_view key) {
  return std::string(prefix).append(key).append(kVersions);
}

std::string behind_versions(std::string_view prefix, std::string_view key) {
  return std::string(prefix).append(key).append(kBehindVersions);
}

std::string version_key(std::string_view prefix, std::string_view key, FirestoreTime time) {
  const auto newest_first = ~static_cast<std::uint64_t>(time.time_since_epoch().count());
  return version_prefix(prefix, key) + big_endian(newest_first);
}

}  // namespace

Result<Overlay> Overlay::open(const std::string& folder) {
  std::unique_ptr<rocksdb::DB> db = TRY(open_rocksdb(rocksdb_options(), folder));
  return Overlay(std::move(db));
}

Result<void> Overlay::commit(const std::vector<Change>& changes, FirestoreTime time) {
  rocksdb::WriteBatch batch;
  for (const Change& change : changes) {
    const std::string key = version_key(prefix_of(change.database), change.key, time);
    TRY(check(batch.Put(key, slice(change.record)), "write to the overlay"));
  }
  const std::string now = big_endian(static_cast<std::uint64_t>(time.time_since_epoch().count()));
  TRY(check(batch.Put(slice(kLastCommit), now), "write to the overlay"));
  return check(db_->Write({}, &batch), "write to the overlay");
}

Result<void> Overlay::sync() {
  return check(db_->FlushWAL(true), "sync the overlay");
}

Result<void> Overlay::bind(const std::string& base) {
  std::string bound;
  const rocksdb::Status status = db_->Get({}, slice(kBase), &bound);
  if (status.IsNotFound()) {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    return check(db_->Put(durable, slice(kBase), base), "write to the overlay");
  }
  TRY(check(status, "read the overlay"));
  if (bound == base) return {};
  return error(Code::Conflict, "it was written over {}, and means nothing over {}",
               printable(bound), printable(base));
}

Result<FirestoreTime> Overlay::last_commit() const {
  std::string stored;
  const rocksdb::Status status = db_->Get({}, slice(kLastCommit), &stored);
  if (status.IsNotFound()) return FirestoreTime();
  TRY(check(status, "read the overlay"));
  if (stored.size() != kTimeBytes) return error(Code::Corrupt, "the overlay has no time");
  return FirestoreTime(
      std::chrono::microseconds(static_cast<std::int64_t>(from_big_endian(stored))));
}

Result<std::optional<Bytes>> Overlay::find(const std::string& database, std::string_view key,
                                           FirestoreTime at) const {
  const std::string wanted = version_key(prefix_of(database), key, at);
  const std::unique_ptr<rocksdb::Iterator> versions(db_->NewIterator({}));
  versions->Seek(wanted);
  TRY(check(versions->status(), "read the overlay"));
  const std::size_t same = wanted.size() - kTimeBytes;
  if (!versions->Valid() ||
      view(versions->key()).substr(0, same) != std::string_view(wanted).substr(0, same) ||
      versions->key().size() != wanted.size()) {
    return std::optional<Bytes>();
  }
  return std::optional(to_bytes(view(versions->value())));
}

Overlay::Cursor Overlay::versions(const std::string& database, FirestoreTime at) const {
  return Cursor(std::unique_ptr<rocksdb::Iterator>(db_->NewIterator({})), prefix_of(database), at);
}

ByteView Overlay::Cursor::record() const {
  return as_bytes(view(versions_->value()));
}

Result<void> Overlay::Cursor::seek(std::string_view key) {
  versions_->Seek(prefix_ + std::string(key));
  return settle();
}

Result<void> Overlay::Cursor::next() {
  CHECK(!is_at_end_);
  versions_->Next();
  // Older versions of the same document, seldom any.
  if (versions_->Valid() && view(versions_->key()).starts_with(version_prefix(prefix_, key_))) {
    versions_->Seek(behind_versions(prefix_, key_));
  }
  return settle();
}

// To the next version that is to be seen, from the first of some document on.
Result<void> Overlay::Cursor::settle() {
  for (;;) {
    TRY(check(versions_->status(), "read the overlay"));
    is_at_end_ = !versions_->Valid() || !view(versions_->key()).starts_with(prefix_);
    if (is_at_end_) return {};
    const std::string_view whole = view(versions_->key()).substr(prefix_.size());
    key_ = whole.substr(0, whole.size() - kVersions.size() - kTimeBytes);
    const std::uint64_t time = ~from_big_endian(whole.substr(whole.size() - kTimeBytes));
    if (static_cast<std::int64_t>(time) > at_.time_since_epoch().count()) {
      versions_->Seek(version_key(prefix_, key_, at_));
      if (!versions_->Valid() ||
          !view(versions_->key()).starts_with(version_prefix(prefix_, key_))) {
        continue;  // it is younger
      }
    }
    return {};
  }
}

}  // namespace firebreak
