// CRC-32C (Castagnoli), by which Cloud Storage tells what an object holds. It guards against
// accidents and against nobody's malice.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace firebreak {

// Of what gave `seed` (0 for nothing) and then `bytes`. Thread-safe.
std::uint32_t crc32c(std::uint32_t seed, ByteView bytes);

}  // namespace firebreak
