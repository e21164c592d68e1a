// Pack files (restic design.rst, "Pack Format"):
//
//   sealed blob 1 .. n | sealed header | length of the sealed header, little-endian 32 bits
//
// The header lists the blobs in file order; offsets are sums, so blobs lie back to back from 0.
#pragma once

#include <cstdint>
#include <vector>

#include "base/id.h"
#include "crypto/seal.h"
#include "repository/compression.h"

namespace firebreak {

enum class BlobType : std::uint8_t { Data = 0, Tree = 1 };

std::string_view name(BlobType type);  // "data", "tree"

// restic ≥ 0.14 writes and everyone reads at most this much plaintext a blob, except for trees of
// huge flat folders; more is refused before memory is taken.
constexpr std::size_t kBlobSizeMax = 512 * 1024 * 1024;

struct PackEntry {
  BlobType type = BlobType::Data;
  BlobId id;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;               // sealed
  std::uint32_t uncompressed_length = 0;  // 0: stored plain

  bool is_compressed() const { return uncompressed_length != 0; }
  // Bytes of plaintext.
  std::uint32_t size() const {
    return is_compressed() ? uncompressed_length : length - std::uint32_t{kSealOverhead};
  }
  bool operator==(const PackEntry&) const = default;
};

constexpr std::size_t kPlainEntrySize = 37;
constexpr std::size_t kCompressedEntrySize = 41;
constexpr std::size_t kHeaderSizeMax = 16 * 1024 * 1024;

inline std::size_t header_entry_size(bool compressed) {
  return compressed ? kCompressedEntrySize : kPlainEntrySize;
}
// What header and trailer take beyond the entries.
constexpr std::size_t kPackOverhead = kSealOverhead + 4;

// The exact size of a pack file that holds these blobs and nothing else.
std::uint64_t pack_size_of(const std::vector<PackEntry>& entries);

// A pack being filled. Not thread-safe.
class PackBuilder {
 public:
  // `buffer` lends its storage.
  explicit PackBuilder(Bytes buffer = {});

  // `sealed` as seal_blob makes it; the entry's offset is set here.
  void add(PackEntry entry, ByteView sealed);

  std::uint64_t size() const { return bytes_.size(); }
  bool is_empty() const { return entries_.empty(); }
  // False when one more entry would make the header larger than readers allow.
  bool has_room_for_entry() const;
  const std::vector<PackEntry>& entries() const { return entries_; }

  // Appends header and length: the file's bytes.
  Bytes finish(const Sealer& sealer);

 private:
  Bytes bytes_;
  std::vector<PackEntry> entries_;
};

// Compresses (unless off, or it does not get smaller) and seals into `sealed`, which is cleared.
// `scratch` lends storage. The entry has no offset yet. Cost: one zstd, one AES, one Poly1305.
PackEntry seal_blob(const Sealer& sealer, BlobType type, const BlobId& id, ByteView plain,
                    Compression compression, Bytes& scratch, Bytes& sealed);

// The blob's plaintext in the storage of `plain`, with MAC, length and id checked. Corrupt names
// the blob.
Result<Bytes> open_blob(const Sealer& sealer, const PackEntry& entry, ByteView sealed,
                        Bytes plain = {});

// Opens what seal_blob made and compares it with what went in: what is uploaded is what was meant,
// whatever processor and compressor did. Cheaper than open_blob by the hash.
Result<void> verify_blob(const Sealer& sealer, const PackEntry& entry, ByteView sealed,
                         ByteView plain);

// The entries of a sealed header. Corrupt: anything but whole known entries that end before
// `pack_size`.
Result<std::vector<PackEntry>> parse_pack_header(ByteView header, std::uint64_t pack_size);

// As parse_pack_header for the sealed header: `tail` is the end of the pack, trailer included, and
// holds the whole header. Corrupt also where the MAC or the length is wrong.
Result<std::vector<PackEntry>> open_pack_header(const Sealer& sealer, ByteView tail,
                                                std::uint64_t pack_size);

// Checks the MAC of every blob of a finished pack, and its header against `entries`: nothing has
// changed since verify_blob.
Result<void> verify_pack(const Sealer& sealer, ByteView pack,
                         const std::vector<PackEntry>& entries);

}  // namespace firebreak
