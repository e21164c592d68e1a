#include "point/object_capture.h"

#include <algorithm>

#include "base/task_group.h"
#include "base/text.h"
#include "crypto/crc32c.h"
#include "point/external_sort.h"
#include "point/folder.h"
#include "point/object_files.h"
#include "point/object_folders.h"
#include "point/object_names.h"
#include "point/object_record.h"
#include "point/tree_piece.h"
#include "repository/chunker.h"

namespace firebreak {
namespace {

constexpr std::size_t kPartBytes = kChunkSizeMax;
// From here on cuts are not looked for: a change of such an object is a new one.
constexpr std::uint64_t kLargeObjectBytes = 1 << 30;

// Between components, which have no byte so low.
std::string sort_key(const ObjectPlaces::Place& place) {
  return fmt::format("{}", fmt::join(place, std::string_view("\0", 1)));
}

std::vector<std::string> place_of(std::string_view key) {
  std::vector<std::string> place;
  for (;;) {
    const std::size_t end = key.find('\0');
    place.emplace_back(key.substr(0, end));
    if (end == std::string_view::npos) return place;
    key.remove_prefix(end + 1);
  }
}

Bytes encode_file(std::uint64_t size, const std::vector<BlobId>& content) {
  Bytes value(8);
  store_le32(value.data(), static_cast<std::uint32_t>(size));
  store_le32(value.data() + 4, static_cast<std::uint32_t>(size >> 32));
  for (const BlobId& id : content) append(value, id.bytes);
  return value;
}

Node decode_file(ByteView value) {
  std::vector<BlobId> content((value.size() - 8) / sizeof(BlobId::bytes));
  for (std::size_t i = 0; i < content.size(); ++i) {
    const ByteView id = value.subspan(8 + i * sizeof(BlobId::bytes), sizeof(BlobId::bytes));
    std::ranges::copy(id, content[i].bytes.begin());
  }
  return file_node({}, load_le64(value.data()), std::move(content));
}

bool keeps_versions(const nlohmann::json& bucket) {
  const auto versioning = bucket.find("versioning");
  return versioning != bucket.end() && versioning->is_object() &&
         versioning->value("enabled", false);
}

// One object of a page of the listing, and what became of it.
struct Item {
  StoredObject object;
  ObjectContent content;
  std::vector<BlobId> blobs;
  bool is_known = false;  // its content is that of an earlier point
  bool is_gone = false;   // deleted since it was listed
};

class ObjectCapture {
 public:
  ObjectCapture(StorageClient& client, const Repository& repository, BlobSaver& saver,
                const ObjectCaptureOptions& options, ObjectCaptureProgress& progress, Clock& clock)
      : client_(client),
        repository_(repository),
        saver_(saver),
        options_(options),
        progress_(progress),
        clock_(clock),
        chunker_(repository.config().chunker_polynomial),
        rule_(repository.config().chunker_polynomial) {}

  Result<CapturedObjects> run(std::stop_token stop);

 private:
  Result<void> read_page(std::vector<Item>& items, std::stop_token stop);
  Result<void> open_earlier();
  Result<void> find_known(Item& item, std::stop_token stop);
  Result<void> pass_over_damage(Result<void> found);
  Result<void> read_object(Item& item, std::stop_token stop);
  Result<void> read_content(Item& item, std::stop_token stop);
  Result<void> keep(const Item& item);

  StorageClient& client_;
  const Repository& repository_;
  BlobSaver& saver_;
  const ObjectCaptureOptions& options_;
  ObjectCaptureProgress& progress_;
  Clock& clock_;
  const Chunker chunker_;
  const CutRule rule_;
  std::optional<RecordTree> earlier_;
  std::optional<RecordTree::Cursor> known_;  // the object of it that is not yet passed
  std::optional<TreePiece> manifest_;
  std::optional<ExternalSort> files_;
  std::optional<ObjectPlaces> places_;
  CapturedObjects captured_;
};

// Damage of an earlier point ends its use and not the capture: what it has is read again.
Result<void> ObjectCapture::pass_over_damage(Result<void> found) {
  if (found.ok() || !is_damage(found.error())) return found;
  known_.reset();
  return {};
}

Result<void> ObjectCapture::open_earlier() {
  if (!options_.earlier) return {};
  earlier_.emplace(repository_, options_.earlier->manifest, key_of_object);
  known_ = earlier_->records();
  return pass_over_damage(known_->seek(""));
}

// What an earlier point has of the same generation, where its blobs are still there.
Result<void> ObjectCapture::find_known(Item& item, std::stop_token stop) {
  if (!known_) return {};
  while (!known_->is_at_end() && known_->key() < item.object.name) TRY(known_->next());
  if (known_->is_at_end() || known_->key() != item.object.name) return {};
  ObjectRecord record = TRY(parse_object_record(known_->record()));
  const bool is_same =
      record.object.generation == item.object.generation && record.object.size == item.object.size;
  if (!is_same) return {};
  std::vector<BlobId> blobs = record.content.ids;
  if (record.content.blobs != blobs.size()) {
    Node file =
        TRY(find_object_file(repository_, options_.earlier->objects, item.object.name, stop));
    blobs = *std::move(file.content);
  }
  const bool is_there =
      blobs.size() == record.content.blobs && std::ranges::all_of(blobs, [&](const BlobId& id) {
        return repository_.index().contains(BlobType::Data, id);
      });
  if (!is_there) return {};
  item.blobs = std::move(blobs);
  item.content = std::move(record.content);
  item.is_known = true;
  return {};
}

Result<void> ObjectCapture::read_content(Item& item, std::stop_token stop) {
  const std::uint64_t size = item.object.size;
  const bool is_large = size >= kLargeObjectBytes;
  item.blobs.clear();
  Sha256Stream digest;
  std::uint32_t crc = 0;
  thread_local Bytes window;  // what is read and not yet cut
  thread_local Bytes part;
  window.clear();
  for (std::uint64_t at = 0; at < size || !window.empty();) {
    while (at < size && window.size() < kChunkSizeMax) {
      const std::uint64_t length = std::min<std::uint64_t>(kPartBytes, size - at);
      part = TRY(client_.read(item.object, at, length, std::move(part), stop));
      digest.update(part);
      crc = crc32c(crc, part);
      append(window, part);
      at += length;
      progress_.bytes_read += length;
    }
    const std::size_t length =
        is_large ? std::min(window.size(), kChunkSizeMax) : chunker_.next(window);
    const SavedBlob saved = TRY(saver_.save(BlobType::Data, ByteView(window).first(length)));
    item.blobs.push_back(saved.id);
    window.erase(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(length));
  }
  if (item.object.crc32c && *item.object.crc32c != crc) {
    return error(Code::Corrupt, "{}/{}: the service sent other bytes than its checksum says",
                 client_.url(), printable(item.object.name));
  }
  item.content.sha256 = digest.finish();
  item.content.blobs = item.blobs.size();
  if (item.blobs.size() <= kBlobsInARecord) item.content.ids = item.blobs;
  return {};
}

// A generation that is gone since it was listed has been replaced or deleted.
Result<void> ObjectCapture::read_object(Item& item, std::stop_token stop) {
  for (;;) {
    Result<void> read = read_content(item, stop);
    if (!failed_with(read, Code::NotFound)) return read;
    Result<StoredObject> now = client_.find(item.object.name, stop);
    item.is_gone = failed_with(now, Code::NotFound);
    if (item.is_gone) return {};
    StoredObject found = TRY(std::move(now));
    if (found.generation == item.object.generation) return read;
    item.object = std::move(found);
    if (item.object.has_customer_key) return {};
  }
}

Result<void> ObjectCapture::read_page(std::vector<Item>& items, std::stop_token stop) {
  std::vector<Item*> unread;
  for (Item& item : items) {
    TRY(pass_over_damage(find_known(item, stop)));
    if (!item.is_known && !item.object.has_customer_key) unread.push_back(&item);
  }
  const auto read = [&](std::size_t number, std::stop_token stopped) {
    return read_object(*unread[number], stopped);
  };
  return for_each_number(unread.size(), options_.readers, read, stop);
}

Result<void> ObjectCapture::keep(const Item& item) {
  if (item.is_gone) return {};
  const std::string& name = item.object.name;
  if (item.object.has_customer_key) {
    captured_.uncovered.push_back({name, "it is encrypted with a key of its own (CSEK)"});
    return {};
  }
  const std::string record = encode_object_record({item.object, item.content});
  TRY(manifest_->add(name, as_bytes(record)).context("{}", client_.url()));
  TRY(places_->add(name, encode_file(item.object.size, item.blobs)));
  ++captured_.count;
  captured_.bytes += item.object.size;
  ++progress_.objects;
  progress_.bytes += item.object.size;
  return {};
}

Result<CapturedObjects> ObjectCapture::run(std::stop_token stop) {
  TRY(open_earlier());
  manifest_.emplace(rule_, saver_);
  files_.emplace(options_.temporary_folder);
  places_.emplace([this](const ObjectPlaces::Place& place, ByteView file) {
    return files_->add(sort_key(place), file);
  });
  const nlohmann::json description = TRY(client_.describe_bucket(stop));
  captured_.description = description.dump(2) + "\n";
  if (keeps_versions(description) && !options_.live_only) {
    captured_.uncovered.push_back({"", "generations that are not live (--live-only accepts that)"});
  }
  captured_.begin = firestore_now(clock_);
  std::string token;
  do {
    StorageClient::Page page = TRY(client_.list("", token, stop));
    token = std::move(page.next_token);
    std::vector<Item> items;
    for (StoredObject& object : page.objects) items.push_back({std::move(object), {}, {}});
    TRY(read_page(items, stop));
    for (const Item& item : items) TRY(keep(item));
  } while (!token.empty());
  captured_.end = firestore_now(clock_);

  captured_.manifest = TRY(manifest_->finish());
  TRY(places_->finish());
  ObjectFolders folders(rule_, saver_);
  TRY(files_->finish([&](std::string_view key, ByteView file) {
    return folders.add(place_of(key), decode_file(file));
  }));
  captured_.objects = TRY(folders.finish());
  return std::move(captured_);
}

}  // namespace

Result<ObjectCount> count_objects(StorageClient& client, std::stop_token stop) {
  ObjectCount count;
  std::string token;
  do {
    StorageClient::Page page = TRY(client.list("", token, stop));
    token = std::move(page.next_token);
    count.objects += page.objects.size();
    for (const StoredObject& object : page.objects) count.bytes += object.size;
  } while (!token.empty());
  return count;
}

Result<CapturedObjects> capture_objects(StorageClient& client, const Repository& repository,
                                        BlobSaver& saver, const ObjectCaptureOptions& options,
                                        ObjectCaptureProgress& progress, Clock& clock,
                                        std::stop_token stop) {
  return ObjectCapture(client, repository, saver, options, progress, clock).run(std::move(stop));
}

}  // namespace firebreak
