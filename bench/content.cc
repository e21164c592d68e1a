#include "content.h"

#include <algorithm>
#include <string>

#include "base/random.h"
#include "words.h"

namespace firebreak {
namespace {

constexpr std::uint64_t kPieceSize = 256 << 10;
constexpr std::uint64_t kMixedUnit = 64 << 10;

// Piece `index` of the base content: at most kPieceSize bytes, into `to`, whose storage is reused.
void make_piece(const Content& content, std::uint64_t index, std::size_t size, std::string& to);

void make_photo(const Content& content, std::uint64_t index, std::size_t size, Random& random,
                std::string& to) {
  to.resize(size);
  random.fill({reinterpret_cast<std::byte*>(to.data()), size});
  if (index > 0) return;
  std::string header(
      "\xff\xd8\xff\xe1\x02\x40"
      "Exif\0\0MM\0*\0\0\0\x08",
      20);
  Random words(mixed_seed(content.seed, 3));
  append_prose(header, 556, words);
  header += "\xff\xdb";
  std::copy_n(header.begin(), std::min(size, header.size()), to.begin());
}

// A database file or disk image: stretches of every kind.
void make_mixed(const Content& content, std::uint64_t index, std::size_t size, std::string& to) {
  std::string unit;
  while (to.size() < size) {
    const std::uint64_t nth = index * (kPieceSize / kMixedUnit) + to.size() / kMixedUnit;
    constexpr Kind kKinds[] = {Kind::Photo, Kind::Json, Kind::Photo, Kind::Prose, Kind::Json};
    const std::uint64_t chance = mixed_seed(content.seed, nth);
    Content inner;
    inner.kind = kKinds[chance % std::size(kKinds)];
    inner.seed = content.seed;
    make_piece(inner, nth + 1, std::min<std::size_t>(kMixedUnit, size - to.size()), unit);
    to += unit;
  }
}

void make_piece(const Content& content, std::uint64_t index, std::size_t size, std::string& to) {
  Random random(mixed_seed(content.seed, index << 8));
  to.clear();
  switch (content.kind) {
    case Kind::Photo:
      return make_photo(content, index, size, random, to);
    case Kind::Prose:
      append_prose(to, size, random);
      break;
    case Kind::Json:
      append_json(to, size, content.seed, random);
      break;
    case Kind::Source:
      append_source(to, size, content.seed, random);
      break;
    case Kind::Mixed:
      make_mixed(content, index, size, to);
  }
  to.resize(size);
}

}  // namespace

std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t salt) {
  const std::uint64_t first = Random(seed).next();
  return Random(first ^ salt * 0xd6e8feb86659fd93).next();
}

std::uint64_t Content::size_bytes() const {
  std::uint64_t size = base_size_bytes;
  for (const Insertion& insertion : insertions) size += insertion.size_bytes;
  return size;
}

Result<void> produce(const Content& content, const std::function<Result<void>(ByteView)>& write) {
  std::string piece;
  std::string inserted;
  auto next = content.insertions.begin();
  const auto insert_before = [&](std::uint64_t offset) -> Result<void> {
    for (; next != content.insertions.end() && next->offset < offset; ++next) {
      Random random(mixed_seed(content.seed, ~next->offset));
      inserted.clear();
      append_prose(inserted, next->size_bytes, random);
      inserted.resize(next->size_bytes);
      TRY(write(as_bytes(inserted)));
    }
    return {};
  };
  for (std::uint64_t at = 0; at < content.base_size_bytes; at += kPieceSize) {
    const std::uint64_t size = std::min(kPieceSize, content.base_size_bytes - at);
    make_piece(content, at / kPieceSize, size, piece);
    std::uint64_t done = 0;
    while (next != content.insertions.end() && next->offset < at + size) {
      const std::uint64_t cut = next->offset - at;
      TRY(write(as_bytes(piece).subspan(done, cut - done)));
      done = cut;
      TRY(insert_before(next->offset + 1));
    }
    TRY(write(as_bytes(piece).subspan(done)));
  }
  return insert_before(UINT64_MAX);
}

}  // namespace firebreak
