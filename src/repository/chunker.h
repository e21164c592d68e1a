// Content-defined chunking: where a file is cut depends on the bytes before the cut alone, so an
// insertion changes the chunks around it and no others.
//
// A gear hash (FastCDC, Xia et al. 2016) with normalised chunking: nothing is hashed below the
// minimum, the mask is strict below the normal size and lax above it. The gear table is keyed
// by the repository's chunker polynomial, so that chunk sizes tell an onlooker nothing about known
// content, and repositories with copied parameters cut alike.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "repository/polynomial.h"

namespace firebreak {

constexpr std::size_t kChunkSizeMin = 512 * 1024;
constexpr std::size_t kChunkSizeNormal = 1024 * 1024;
constexpr std::size_t kChunkSizeMax = 8 * 1024 * 1024;  // legal limit of the format's readers

class Chunker {
 public:
  explicit Chunker(Polynomial key);

  // The length of the first chunk of `bytes`. Where that is all of `bytes` and fewer than
  // kChunkSizeMax were given, the cut is only right at the end of the file. 0 for no bytes.
  std::size_t next(ByteView bytes) const;

 private:
  std::array<std::uint64_t, 256> gear_;
};

}  // namespace firebreak
