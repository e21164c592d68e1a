#include "repository/blob_saver.h"

#include "base/random.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

constexpr std::string_view kBroken =
    "what was sealed does not open, memory or processor are broken";

// Which of the two open packs a blob goes to. Per thread, seeded from the kernel.
std::size_t toss() {
  thread_local Random random = [] {
    std::byte seed[8];
    fill_secret(seed);
    return Random(load_le64(seed));
  }();
  return random.below(BlobSaver::kOpenPacksOfType);
}

// One for each open pack and one for each upload. Who waits for a buffer has none open, so that at
// least as many as there are uploaders are on their way back.
std::size_t buffer_count(const Repository& repository) {
  return 2 * BlobSaver::kOpenPacksOfType + repository.backend().connections();
}

// Version 1 knows no compression; trees are compressed even when it is off.
Compression compression_for(BlobType type, Compression asked, unsigned version) {
  if (version == 1) return Compression::Off;
  if (type == BlobType::Tree && asked == Compression::Off) return Compression::Auto;
  return asked;
}

}  // namespace

BlobSaver::BlobSaver(Repository& repository, const Options& options, std::stop_token stop)
    : repository_(repository),
      options_(options),
      stop_(stop),
      buffers_(buffer_count(repository)),
      full_(1),
      uploaders_(std::move(stop)) {
  if (options_.verify_present) verified_.emplace(repository_.index().tables());
  for (std::size_t i = 0; i < buffer_count(repository); ++i) CHECK(buffers_.push({}, {}));
  uploaders_.run_alike(repository_.backend().connections(),
                       [this](std::stop_token stopped) { return upload(stopped); });
}

Result<SavedBlob> BlobSaver::save(BlobType type, ByteView plain) {
  return save_known(type, id_of<BlobId>(plain), plain);
}

Result<SavedBlob> BlobSaver::save_known(BlobType type, const BlobId& id, ByteView plain) {
  const bool is_new = TRY(claim(type, id));
  if (!is_new) return SavedBlob{id, false, 0};
  thread_local Bytes scratch;  // touched once a thread
  thread_local Bytes sealed;
  const Compression compression =
      compression_for(type, options_.compression, repository_.version());
  const PackEntry entry =
      seal_blob(repository_.sealer(), type, id, plain, compression, scratch, sealed);
  TRY(verify_blob(repository_.sealer(), entry, sealed, plain).context("{}", kBroken));
  TRY(add_to_pack(entry, sealed));
  ++(type == BlobType::Data ? data_blobs_ : tree_blobs_);
  added_bytes_ += plain.size();
  stored_bytes_ += entry.length;
  return SavedBlob{id, true, entry.length};
}

// Index::claim() of what is believed.
Result<bool> BlobSaver::claim(BlobType type, const BlobId& id) {
  Index& index = repository_.index();
  if (index.claim(type, id)) return true;
  const bool verify_tree = verify_trees_ && type == BlobType::Tree;
  if (!verified_ && !verify_tree) return false;
  // Of several callers with one blob the first finds out, and stores it where it must.
  if (verified_ && !verified_->insert(type, id)) return false;
  TRY(repository_.distrust_damaged_packs(type, id, stop_));
  return index.claim(type, id);
}

Result<void> BlobSaver::add_to_pack(const PackEntry& entry, ByteView sealed) {
  OpenPack& pack = open_[static_cast<std::size_t>(entry.type)][toss()];
  std::optional<PackBuilder> full;
  {
    const MutexLock lock(pack.mutex);
    if (pack.builder.is_empty()) pack.builder = PackBuilder(TRY(next_buffer()));
    pack.builder.add(entry, sealed);
    if (pack.builder.size() >= options_.pack_size || !pack.builder.has_room_for_entry()) {
      full = std::exchange(pack.builder, PackBuilder());
    }
  }
  if (full) return hand_over(std::move(*full));
  return {};
}

Result<void> BlobSaver::hand_over(PackBuilder full) {
  if (full_.push(std::move(full), uploaders_.token())) return {};
  return stopped();
}

Error BlobSaver::stopped() const {
  if (std::optional<Error> problem = uploaders_.first_error()) return *std::move(problem);
  return error(Code::Canceled, "stopped");
}

Result<void> BlobSaver::upload(std::stop_token stop) {
  while (std::optional<PackBuilder> full = full_.pop(stop)) {
    TRY(store(std::move(*full), stop));
  }
  if (stop.stop_requested()) return error(Code::Canceled, "stopped");
  return {};
}

Result<void> BlobSaver::store(PackBuilder full, std::stop_token stop) {
  std::vector<PackEntry> entries = full.entries();
  Bytes bytes = full.finish(repository_.sealer());
  TRY(verify_pack(repository_.sealer(), bytes, entries)
          .context("{}", kBroken)
          .on(Side::Repository));
  const PackId id = id_of<PackId>(bytes);
  if (!options_.dry_run) {
    TRY(repository_.backend().save({FileType::Pack, id.hex()}, bytes, stop).on(Side::Repository));
  }
  if (!buffers_.push(std::move(bytes), stop)) return error(Code::Canceled, "stopped");
  if (options_.dry_run) return {};
  // The index names only durable packs, or a crash would leave a snapshot with holes.
  Index& index = repository_.index();
  index.add(id, std::move(entries));
  return index.flush(repository_.backend(), repository_.sealer(), repository_.version(),
                     kBlobsPerIndexFile, stop);
}

Result<Bytes> BlobSaver::next_buffer() {
  std::optional<Bytes> buffer = buffers_.pop(uploaders_.token());
  if (!buffer) return stopped();
  // The last blob may take a pack over its size by half of that and more.
  if (buffer->capacity() == 0) buffer->reserve(options_.pack_size + options_.pack_size / 2);
  return *std::move(buffer);
}

Result<void> BlobSaver::finish() {
  for (auto& of_type : open_) {
    for (OpenPack& pack : of_type) {
      std::optional<PackBuilder> last;
      {
        const MutexLock lock(pack.mutex);
        if (!pack.builder.is_empty()) last = std::exchange(pack.builder, PackBuilder());
      }
      if (last) TRY(hand_over(std::move(*last)));
    }
  }
  full_.close();
  TRY(uploaders_.wait());
  return repository_.index().flush(repository_.backend(), repository_.sealer(),
                                   repository_.version(), 0, stop_);
}

BlobSaver::Totals BlobSaver::totals() const {
  return {data_blobs_, tree_blobs_, added_bytes_, stored_bytes_};
}

}  // namespace firebreak
