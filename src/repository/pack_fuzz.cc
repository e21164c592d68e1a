// The first byte chooses what the rest is: a pack header, of which every entry must lie back to
// back inside the pack; damage to a real pack, which must be noticed; or a blob, which must come
// back from sealing.
#include <algorithm>

#include "crypto/sha256.h"
#include "repository/pack.h"

namespace firebreak {
namespace {

const Sealer& sealer() {
  static const Sealer fixed([] {
    std::array<std::byte, 64> raw;
    raw.fill(std::byte{7});
    return MasterKey::from(raw);
  }());
  return fixed;
}

void check_header(ByteView input) {
  if (input.size() < 4) return;
  const std::uint64_t extra = load_le32(input.data());
  const ByteView header = input.subspan(4);
  // The size that the header itself accounts for, or any other.
  std::uint64_t size = extra;
  for (ByteView rest = header; rest.size() >= kPlainEntrySize;) {
    const bool compressed = (std::to_integer<unsigned>(rest[0]) & 2) != 0;
    const std::size_t entry_size = header_entry_size(compressed);
    if (rest.size() < entry_size) break;
    size += load_le32(rest.data() + 1) + entry_size;
    rest = rest.subspan(entry_size);
  }
  const Result<std::vector<PackEntry>> entries = parse_pack_header(header, size);
  if (!entries.ok()) {
    CHECK(failed_with(entries, Code::Corrupt));
    return;
  }
  std::uint64_t offset = 0;
  for (const PackEntry& entry : *entries) {
    CHECK(entry.offset == offset && entry.length >= kSealOverhead);
    offset += entry.length;
  }
  CHECK(!entries->empty() && offset < size && pack_size_of(*entries) == size);
}

struct Example {
  Bytes bytes;
  std::vector<PackEntry> entries;
};

const Example& example() {
  static const Example made = [] {
    PackBuilder builder;
    Bytes scratch;
    Bytes sealed;
    for (std::size_t i = 1; i <= 3; ++i) {
      const std::string plain(i * 40, static_cast<char>('a' + i));
      const auto compression = i == 2 ? Compression::Off : Compression::Auto;
      const PackEntry entry = seal_blob(sealer(), BlobType::Data, id_of<BlobId>(as_bytes(plain)),
                                        as_bytes(plain), compression, scratch, sealed);
      builder.add(entry, sealed);
    }
    Example result;
    result.entries = builder.entries();
    result.bytes = builder.finish(sealer());
    return result;
  }();
  return made;
}

// Pairs of position and value, then perhaps a cut.
void check_damaged_pack(ByteView input) {
  Bytes pack = example().bytes;
  for (; input.size() >= 3; input = input.subspan(3)) {
    const std::size_t at =
        std::to_integer<std::size_t>(input[0]) << 8 | std::to_integer<std::size_t>(input[1]);
    pack[at % pack.size()] = input[2];
  }
  if (input.size() == 1) pack.resize(pack.size() - std::to_integer<std::size_t>(input[0]));
  const bool whole = verify_pack(sealer(), pack, example().entries).ok();
  // IVs are under the MAC too: nothing in a pack may change unnoticed.
  CHECK(whole == (pack == example().bytes));
}

void check_blob(ByteView plain) {
  if (plain.empty()) return;
  for (const Compression compression : {Compression::Off, Compression::Auto}) {
    Bytes scratch;
    Bytes sealed;
    const BlobId id = id_of<BlobId>(plain);
    const PackEntry entry =
        seal_blob(sealer(), BlobType::Data, id, plain, compression, scratch, sealed);
    CHECK(entry.size() == plain.size() && entry.length == sealed.size());
    CHECK(verify_blob(sealer(), entry, sealed, plain).ok());
    const Result<Bytes> opened = open_blob(sealer(), entry, sealed);
    CHECK(opened.ok() && std::equal(opened->begin(), opened->end(), plain.begin(), plain.end()));
    sealed[plain.size() % sealed.size()] ^= plain[0] | std::byte{1};
    CHECK(failed_with(open_blob(sealer(), entry, sealed), Code::Corrupt));
  }
}

}  // namespace
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] % 3 == 0) check_header(rest);
  if (data[0] % 3 == 1) check_damaged_pack(rest);
  if (data[0] % 3 == 2) check_blob(rest);
  return 0;
}

}  // namespace firebreak
