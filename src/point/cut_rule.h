// Where a key-ordered tree is cut (docs/formats/key-tree.md): by a keyed hash of each record's key
// alone, so that a changed record changes its own leaf and the trees above it, and no others.
// Keyed, because document ids are chosen by users: whoever knew where cuts fall could prevent them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "repository/polynomial.h"

namespace firebreak {

constexpr std::size_t kLeafBytesMean = 64 * 1024;
constexpr std::size_t kLeafBytesMax = 4 * 1024 * 1024;
constexpr unsigned kUpperLevelsMax = 8;

// What ends with a record, each of them with all before it.
enum class Cut : unsigned {
  None = 0,
  Leaf = 1,
  File = 2,
  Bottom = 3,  // the bottom directory; one more for each level above
};

class CutRule {
 public:
  // The chunker polynomial, which copies of a repository share.
  explicit CutRule(Polynomial key);

  // What a key is cut by. The first number decides by size, the second is left to all else.
  struct Hash {
    std::uint64_t chance;
    std::uint64_t bits;
  };
  Hash hash(std::string_view key) const;

  // `record_bytes` without its length prefix. At most Bottom + kUpperLevelsMax.
  Cut after(std::string_view key, std::size_t record_bytes) const;

 private:
  // A BLAKE2b state that has taken the key in.
  alignas(64) std::array<std::byte, 384> keyed_;
};

}  // namespace firebreak
