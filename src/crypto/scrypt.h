// scrypt (RFC 7914), the key derivation of key files. The cost is bounded, because a hostile
// repository names the parameters.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

struct ScryptCost {
  std::uint64_t n = 32768;  // a power of two above 1
  std::uint32_t r = 8;
  std::uint32_t p = 1;
};

// What opening one key may take: 1 GiB of memory and 2^30 block operations.
Result<void> check_cost(const ScryptCost& cost);

// Invalid where check_cost says so.
Result<std::array<std::byte, 64>> scrypt(ByteView password, ByteView salt, const ScryptCost& cost);

}  // namespace firebreak
