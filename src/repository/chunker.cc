#include "repository/chunker.h"

#include <algorithm>

#include "crypto/sha256.h"

namespace firebreak {
namespace {

// The top bits of a gear hash depend on the last 64 bytes; more set bits cut less often.
constexpr std::uint64_t kMaskBelowNormal = ~std::uint64_t{0} << (64 - 22);
constexpr std::uint64_t kMaskAboveNormal = ~std::uint64_t{0} << (64 - 18);
constexpr std::size_t kWindow = 64;

}  // namespace

Chunker::Chunker(Polynomial key) {
  for (std::size_t i = 0; i < gear_.size(); ++i) {
    const std::string input = fmt::format("firebreak-gear-1\n{}\n{}\n", to_string(key), i);
    gear_[i] = load_le64(sha256(as_bytes(input)).data());
  }
}

std::size_t Chunker::next(ByteView bytes) const {
  if (bytes.size() <= kChunkSizeMin) return bytes.size();
  const std::size_t end = std::min(bytes.size(), kChunkSizeMax);
  const std::size_t normal = std::min(end, kChunkSizeNormal);
  const std::byte* const data = bytes.data();
  std::uint64_t hash = 0;
  std::size_t at = kChunkSizeMin - kWindow;
  for (; at < kChunkSizeMin; ++at)
    hash = (hash << 1) + gear_[std::to_integer<std::size_t>(data[at])];
  for (; at < normal; ++at) {
    hash = (hash << 1) + gear_[std::to_integer<std::size_t>(data[at])];
    if ((hash & kMaskBelowNormal) == 0) return at + 1;
  }
  for (; at < end; ++at) {
    hash = (hash << 1) + gear_[std::to_integer<std::size_t>(data[at])];
    if ((hash & kMaskAboveNormal) == 0) return at + 1;
  }
  return end;
}

}  // namespace firebreak
