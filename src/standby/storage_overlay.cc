#include "standby/storage_overlay.h"

#include <limits>

#include "base/text.h"
#include "net/google_json.h"
#include "standby/rocksdb.h"
#include "standby/storage_refusal.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

// What a key begins with says what it is of.
constexpr char kBucket = 'b';
constexpr char kVersion = 'o';
constexpr char kUpload = 'u';
constexpr char kUnnamed = 'n';
constexpr char kPiece = 'p';
constexpr std::string_view kLastGeneration = "last generation";
constexpr std::size_t kNumberBytes = 8;
constexpr std::string_view kNameEnd("\0\1", 2);
constexpr std::string_view kZero("\0\xff", 2);  // in a name: greater than its end
// Below it a value lies in the tables, where small records are found together.
constexpr std::uint64_t kBlobBytesMin = 16 << 10;
constexpr std::uint64_t kEveryGeneration = std::numeric_limits<std::uint64_t>::max();

std::string key_of(char kind, std::string_view name) {
  return std::string(1, kind).append(name);
}

std::string bucket_prefix(const std::string& bucket) {
  return key_of(kVersion, bucket) + '\0';
}

// Sorts as the name does, although any byte may be in it and a number follows.
std::string name_key(const std::string& prefix, std::string_view name) {
  std::string key = prefix;
  for (const char c : name) {
    if (c == '\0') {
      key += kZero;
    } else {
      key += c;
    }
  }
  return key;
}

std::string version_key(const std::string& prefix, std::string_view name,
                        std::uint64_t generation) {
  return name_key(prefix, name).append(kNameEnd) + big_endian(generation);
}

std::string piece_key(const std::string& content, std::uint64_t index) {
  return key_of(kPiece, content) + big_endian(index);
}

// A text of JSON, behind the id of the content where it is of a version.
Result<Json> parse_stored(std::string_view text) {
  Json json = parse_json(as_bytes(text));
  if (!json.is_object()) return error(Code::Corrupt, "a record of the overlay is no JSON");
  return json;
}

std::string stored(const ObjectVersion& version) {
  std::string text(1, static_cast<char>(version.content.size()));
  return text.append(version.content).append(dump_json(version.resource));
}

Result<ObjectVersion> parse_version(std::string_view key, std::string_view value) {
  const std::size_t id_size = value.empty() ? 0 : static_cast<unsigned char>(value.front());
  if (value.size() <= id_size || key.size() < kNumberBytes) {
    return error(Code::Corrupt, "a record of the overlay is too short");
  }
  ObjectVersion version;
  version.content = value.substr(1, id_size);
  version.resource = TRY(parse_stored(value.substr(1 + id_size)));
  version.name = text_at(version.resource, "name");
  version.generation = from_big_endian(key.substr(key.size() - kNumberBytes));
  return version;
}

}  // namespace

std::uint64_t ObjectVersion::size() const {
  return number_at(resource, "size").value_or(0);
}

std::uint64_t ObjectVersion::metageneration() const {
  return number_at(resource, "metageneration").value_or(0);
}

Result<StorageOverlay> StorageOverlay::open(const std::string& folder) {
  rocksdb::Options options = rocksdb_options();
  options.enable_blob_files = true;
  options.min_blob_size = kBlobBytesMin;
  options.enable_blob_garbage_collection = true;
  std::unique_ptr<rocksdb::DB> db = TRY(open_rocksdb(options, folder));
  StorageOverlay overlay(std::move(db));
  TRY(overlay.drop_unnamed_content());
  return overlay;
}

// Of uploads that ended with the process before this one.
Result<void> StorageOverlay::drop_unnamed_content() {
  const View now = view();
  const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(now.options()));
  const std::string kind(1, kUnnamed);
  for (rows->Seek(kind); rows->Valid() && firebreak::view(rows->key()).starts_with(kind);
       rows->Next()) {
    const std::string content(firebreak::view(rows->key()).substr(1));
    const std::uint64_t size = TRY(now.content_size(content));
    Change change;
    change.remove_content(content, size);
    change.name_content(content);
    TRY(write(std::move(change)));
  }
  return check(rows->status(), "read the overlay");
}

Result<void> StorageOverlay::write(Change change) {
  const MutexLock lock(*writing_);
  return check(db_->Write({}, &change.batch_), "write to the overlay");
}

Result<void> StorageOverlay::sync() {
  return check(db_->FlushWAL(true), "sync the overlay");
}

// A WriteBatch without a limit takes what it is given.
void StorageOverlay::Change::put_bucket(const std::string& bucket, const Json& resource) {
  CHECK(batch_.Put(key_of(kBucket, bucket), dump_json(resource)).ok());
}

void StorageOverlay::Change::remove_bucket(const std::string& bucket) {
  CHECK(batch_.Delete(key_of(kBucket, bucket)).ok());
}

void StorageOverlay::Change::put_version(const std::string& bucket, const ObjectVersion& version) {
  const std::string key = version_key(bucket_prefix(bucket), version.name, version.generation);
  CHECK(batch_.Put(key, stored(version)).ok());
}

void StorageOverlay::Change::put_last_generation(std::uint64_t generation) {
  CHECK(batch_.Put(slice(kLastGeneration), big_endian(generation)).ok());
}

void StorageOverlay::Change::remove_version(const std::string& bucket,
                                            const ObjectVersion& version) {
  const std::string key = version_key(bucket_prefix(bucket), version.name, version.generation);
  CHECK(batch_.Delete(key).ok());
  remove_content(version.content, version.size());
}

void StorageOverlay::Change::put_upload(const std::string& id, const Json& upload) {
  CHECK(batch_.Put(key_of(kUpload, id), dump_json(upload)).ok());
}

void StorageOverlay::Change::remove_upload(const std::string& id) {
  CHECK(batch_.Delete(key_of(kUpload, id)).ok());
}

void StorageOverlay::Change::begin_content(const std::string& content) {
  CHECK(batch_.Put(key_of(kUnnamed, content), "").ok());
}

void StorageOverlay::Change::name_content(const std::string& content) {
  CHECK(batch_.Delete(key_of(kUnnamed, content)).ok());
}

void StorageOverlay::Change::put_piece(const std::string& content, std::uint64_t index,
                                       ByteView piece) {
  CHECK(batch_.Put(piece_key(content, index), slice(piece)).ok());
}

void StorageOverlay::Change::remove_content(const std::string& content, std::uint64_t size) {
  const std::uint64_t pieces = (size + kContentPieceBytes - 1) / kContentPieceBytes;
  for (std::uint64_t index = 0; index < pieces; ++index) {
    CHECK(batch_.Delete(piece_key(content, index)).ok());
  }
}

rocksdb::ReadOptions StorageOverlay::View::options() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_->snapshot();
  return options;
}

Result<std::optional<std::string>> StorageOverlay::View::get(const std::string& key) const {
  std::string value;
  const rocksdb::Status status = db_.Get(options(), key, &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  TRY(check(status, "read the overlay"));
  return std::optional(std::move(value));
}

Result<std::optional<Json>> StorageOverlay::View::bucket(const std::string& name) const {
  const std::optional<std::string> text = TRY(get(key_of(kBucket, name)));
  if (!text) return std::optional<Json>();
  Json json = TRY(parse_stored(*text));
  return std::optional(std::move(json));
}

Result<std::optional<Json>> StorageOverlay::View::upload(const std::string& id) const {
  const std::optional<std::string> text = TRY(get(key_of(kUpload, id)));
  if (!text) return std::optional<Json>();
  Json json = TRY(parse_stored(*text));
  return std::optional(std::move(json));
}

Result<std::optional<ObjectVersion>> StorageOverlay::View::version(const std::string& bucket,
                                                                   const std::string& name,
                                                                   std::uint64_t generation) const {
  const std::string key = version_key(bucket_prefix(bucket), name, generation);
  const std::optional<std::string> value = TRY(get(key));
  if (!value) return std::optional<ObjectVersion>();
  ObjectVersion version = TRY(parse_version(key, *value));
  return std::optional(std::move(version));
}

Result<std::optional<ObjectVersion>> StorageOverlay::View::live(const std::string& bucket,
                                                                const std::string& name) const {
  const std::string last = version_key(bucket_prefix(bucket), name, kEveryGeneration);
  const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator(options()));
  rows->SeekForPrev(last);
  TRY(check(rows->status(), "read the overlay"));
  const std::string_view of_name = std::string_view(last).substr(0, last.size() - kNumberBytes);
  if (!rows->Valid() || !firebreak::view(rows->key()).starts_with(of_name)) {
    return std::optional<ObjectVersion>();
  }
  ObjectVersion newest =
      TRY(parse_version(firebreak::view(rows->key()), firebreak::view(rows->value())));
  if (!newest.is_live()) return std::optional<ObjectVersion>();
  return std::optional(std::move(newest));
}

Result<Bytes> StorageOverlay::View::piece(const std::string& content, std::uint64_t index) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status =
      db_.Get(options(), db_.DefaultColumnFamily(), piece_key(content, index), &value);
  if (status.IsNotFound()) return error(Code::Corrupt, "the overlay lacks bytes of an object");
  TRY(check(status, "read the overlay"));
  return to_bytes(firebreak::view(value));
}

Result<std::uint64_t> StorageOverlay::View::content_size(const std::string& content) const {
  const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator(options()));
  rows->SeekForPrev(piece_key(content, std::numeric_limits<std::uint64_t>::max()));
  TRY(check(rows->status(), "read the overlay"));
  const std::string prefix = key_of(kPiece, content);
  if (!rows->Valid() || !firebreak::view(rows->key()).starts_with(prefix)) {
    return std::uint64_t{0};
  }
  const std::uint64_t index = from_big_endian(firebreak::view(rows->key()).substr(prefix.size()));
  return index * kContentPieceBytes + rows->value().size();
}

Result<std::uint64_t> StorageOverlay::View::last_generation() const {
  const std::optional<std::string> stored = TRY(get(std::string(kLastGeneration)));
  return stored ? from_big_endian(*stored) : std::uint64_t{0};
}

Result<std::vector<std::pair<std::string, Json>>> StorageOverlay::View::uploads() const {
  std::vector<std::pair<std::string, Json>> uploads;
  const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator(options()));
  const std::string kind(1, kUpload);
  for (rows->Seek(kind); rows->Valid() && firebreak::view(rows->key()).starts_with(kind);
       rows->Next()) {
    Json upload = TRY(parse_stored(firebreak::view(rows->value())));
    uploads.emplace_back(firebreak::view(rows->key()).substr(1), std::move(upload));
  }
  TRY(check(rows->status(), "read the overlay"));
  return uploads;
}

Result<std::vector<Json>> StorageOverlay::View::buckets(const std::string& name) const {
  std::vector<Json> buckets;
  const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator(options()));
  for (rows->Seek(key_of(kBucket, name));
       rows->Valid() && firebreak::view(rows->key()).starts_with(kBucket); rows->Next()) {
    Json bucket = TRY(parse_stored(firebreak::view(rows->value())));
    buckets.push_back(std::move(bucket));
  }
  TRY(check(rows->status(), "read the overlay"));
  return buckets;
}

StorageOverlay::View::Versions StorageOverlay::View::versions(const std::string& bucket) const {
  return Versions(std::unique_ptr<rocksdb::Iterator>(db_.NewIterator(options())),
                  bucket_prefix(bucket));
}

Result<void> StorageOverlay::View::Versions::seek(const std::string& name,
                                                  std::optional<std::uint64_t> behind) {
  std::string key = behind ? version_key(prefix_, name, *behind) : name_key(prefix_, name);
  if (behind) key += '\0';
  rows_->Seek(key);
  return settle();
}

Result<void> StorageOverlay::View::Versions::next() {
  CHECK(version_.has_value());
  rows_->Next();
  return settle();
}

Result<void> StorageOverlay::View::Versions::settle() {
  version_.reset();
  TRY(check(rows_->status(), "read the overlay"));
  if (!rows_->Valid() || !firebreak::view(rows_->key()).starts_with(prefix_)) return {};
  version_ = TRY(parse_version(firebreak::view(rows_->key()), firebreak::view(rows_->value())));
  return {};
}

}  // namespace firebreak
