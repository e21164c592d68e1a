#include "repository/pack.h"

#include "base/check.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

// Type bytes of header entries.
constexpr std::uint8_t kCompressedBit = 2;

Bytes encode_header(const std::vector<PackEntry>& entries) {
  Bytes header;
  header.reserve(entries.size() * kCompressedEntrySize);
  for (const PackEntry& entry : entries) {
    const auto type = static_cast<std::uint8_t>(static_cast<std::uint8_t>(entry.type) |
                                                (entry.is_compressed() ? kCompressedBit : 0));
    header.push_back(std::byte{type});
    append_le32(header, entry.length);
    if (entry.is_compressed()) append_le32(header, entry.uncompressed_length);
    append(header, entry.id.view());
  }
  return header;
}

Error blob_error(const PackEntry& entry, std::string_view what) {
  return error(Code::Corrupt, "{} blob {}: {}", name(entry.type), entry.id, what)
      .on(Side::Repository);
}

// The plaintext with MAC and length checked, but not the id.
Result<Bytes> unsealed(const Sealer& sealer, const PackEntry& entry, ByteView sealed, Bytes plain) {
  if (entry.is_compressed()) {
    thread_local Bytes frame;  // touched once a thread
    frame = TRY(sealer.open(sealed, std::move(frame)));
    plain = TRY(decompress(frame, std::min<std::size_t>(entry.uncompressed_length, kBlobSizeMax),
                           std::move(plain)));
  } else {
    plain = TRY(sealer.open(sealed, std::move(plain)));
  }
  if (plain.size() != entry.size()) {
    return error(Code::Corrupt, "it has {} bytes, the index says {}", plain.size(), entry.size());
  }
  return plain;
}

}  // namespace

std::string_view name(BlobType type) {
  return type == BlobType::Data ? "data" : "tree";
}

std::uint64_t pack_size_of(const std::vector<PackEntry>& entries) {
  std::uint64_t size = kPackOverhead;
  for (const PackEntry& entry : entries) {
    size += entry.length + header_entry_size(entry.is_compressed());
  }
  return size;
}

PackBuilder::PackBuilder(Bytes buffer) : bytes_(std::move(buffer)) {
  bytes_.clear();
}

void PackBuilder::add(PackEntry entry, ByteView sealed) {
  CHECK(sealed.size() == entry.length);
  CHECK(bytes_.size() + sealed.size() <= UINT32_MAX && has_room_for_entry());
  entry.offset = static_cast<std::uint32_t>(bytes_.size());
  append(bytes_, sealed);
  entries_.push_back(entry);
}

bool PackBuilder::has_room_for_entry() const {
  return (entries_.size() + 1) * kCompressedEntrySize + kSealOverhead <= kHeaderSizeMax;
}

Bytes PackBuilder::finish(const Sealer& sealer) {
  CHECK(!entries_.empty());
  const std::size_t before = bytes_.size();
  sealer.seal(encode_header(entries_), bytes_);
  append_le32(bytes_, static_cast<std::uint32_t>(bytes_.size() - before));
  return std::move(bytes_);
}

PackEntry seal_blob(const Sealer& sealer, BlobType type, const BlobId& id, ByteView plain,
                    Compression compression, Bytes& scratch, Bytes& sealed) {
  CHECK(!plain.empty() && plain.size() <= kBlobSizeMax);
  sealed.clear();
  PackEntry entry;
  entry.type = type;
  entry.id = id;
  ByteView content = plain;
  if (compression != Compression::Off) {
    scratch.clear();
    compress(plain, compression, scratch);
    // Trees count as unpacked when plain, and prune would rewrite them each time.
    if (scratch.size() < plain.size() || type == BlobType::Tree) {
      content = scratch;
      entry.uncompressed_length = static_cast<std::uint32_t>(plain.size());
    }
  }
  sealer.seal(content, sealed);
  entry.length = static_cast<std::uint32_t>(sealed.size());
  return entry;
}

Result<Bytes> open_blob(const Sealer& sealer, const PackEntry& entry, ByteView sealed,
                        Bytes plain) {
  Result<Bytes> opened = unsealed(sealer, entry, sealed, std::move(plain));
  if (!opened.ok()) return blob_error(entry, opened.error().message());
  if (id_of<BlobId>(*opened) != entry.id) {
    return blob_error(entry, "the content does not match the id");
  }
  return opened;
}

Result<void> verify_blob(const Sealer& sealer, const PackEntry& entry, ByteView sealed,
                         ByteView plain) {
  thread_local Bytes back;  // touched once a thread
  Result<Bytes> opened = unsealed(sealer, entry, sealed, std::move(back));
  if (!opened.ok()) return blob_error(entry, opened.error().message());
  back = std::move(opened).value();
  if (std::memcmp(back.data(), plain.data(), plain.size()) != 0) {
    return blob_error(entry, "it opens to something else");
  }
  return {};
}

Result<std::vector<PackEntry>> parse_pack_header(ByteView header, std::uint64_t pack_size) {
  std::vector<PackEntry> entries;
  std::uint64_t offset = 0;
  while (!header.empty()) {
    const auto type = std::to_integer<std::uint8_t>(header[0]);
    if (type > 3) return error(Code::Corrupt, "pack header with unknown blob type {}", type);
    const bool compressed = (type & kCompressedBit) != 0;
    const std::size_t entry_size = header_entry_size(compressed);
    if (header.size() < entry_size) return error(Code::Corrupt, "pack header ends early");
    PackEntry entry;
    entry.type = static_cast<BlobType>(type & 1);
    entry.length = load_le32(header.data() + 1);
    if (compressed) entry.uncompressed_length = load_le32(header.data() + 5);
    entry.id = BlobId::from(header.subspan(entry_size - 32, 32));
    entry.offset = static_cast<std::uint32_t>(offset);
    if (entry.length < kSealOverhead || (compressed && entry.uncompressed_length == 0)) {
      return error(Code::Corrupt, "pack header with a blob of impossible length");
    }
    offset += entry.length;
    if (offset > pack_size || offset > UINT32_MAX) {
      return error(Code::Corrupt, "pack header with blobs beyond the end of the pack");
    }
    entries.push_back(entry);
    header = header.subspan(entry_size);
  }
  if (entries.empty()) return error(Code::Corrupt, "pack without blobs");
  if (pack_size_of(entries) != pack_size) {
    return error(Code::Corrupt, "the pack has {} bytes, its header accounts for {}", pack_size,
                 pack_size_of(entries));
  }
  return entries;
}

Result<std::vector<PackEntry>> open_pack_header(const Sealer& sealer, ByteView tail,
                                                std::uint64_t pack_size) {
  if (tail.size() < kPackOverhead) {
    return error(Code::Corrupt, "a pack of {} bytes is too short", pack_size);
  }
  const std::uint32_t header_size = load_le32(tail.data() + tail.size() - 4);
  if (header_size > kHeaderSizeMax || header_size + 4 > tail.size()) {
    return error(Code::Corrupt, "pack header of impossible length {}", header_size);
  }
  const Bytes header = TRY(sealer.open(tail.subspan(tail.size() - 4 - header_size, header_size)));
  return parse_pack_header(header, pack_size);
}

Result<void> verify_pack(const Sealer& sealer, ByteView pack,
                         const std::vector<PackEntry>& entries) {
  const std::vector<PackEntry> parsed = TRY(open_pack_header(sealer, pack, pack.size()));
  if (parsed != entries) return error(Code::Corrupt, "the pack header is not what was written");
  for (const PackEntry& entry : entries) {
    Result<void> whole = sealer.authenticate(pack.subspan(entry.offset, entry.length));
    if (!whole.ok()) return blob_error(entry, whole.error().message());
  }
  return {};
}

}  // namespace firebreak
