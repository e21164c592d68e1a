#include "crypto/crc32c.h"

#include <cstring>
#include <nmmintrin.h>

namespace firebreak {

std::uint32_t crc32c(std::uint32_t seed, ByteView bytes) {
  std::uint64_t crc = ~seed;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    crc = _mm_crc32_u64(crc, word);
    at += sizeof word;
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left) rest = _mm_crc32_u8(rest, std::to_integer<std::uint8_t>(*at++));
  return ~rest;
}

}  // namespace firebreak
