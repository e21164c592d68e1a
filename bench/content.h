// Made-up file contents: photos that do not compress, and text, JSON and source code drawn from a
// word model, so that zstd finds what it finds in real ones (2.5 to 4 times). Every content is a
// function of its description alone: any thread can write any file, and a shifted copy is the
// same description with insertions. Functions are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

enum class Kind { Photo, Prose, Json, Source, Mixed };

// New bytes in the middle of a file: everything behind them moves.
struct Insertion {
  std::uint64_t offset = 0;  // in the base content, ascending within a Content
  std::uint64_t size_bytes = 0;
};

struct Content {
  Kind kind = Kind::Photo;
  std::uint64_t seed = 0;
  std::uint64_t base_size_bytes = 0;  // before insertions; one that lies past it goes at the end
  std::vector<Insertion> insertions;

  std::uint64_t size_bytes() const;
};

// Hands the content to `write` from beginning to end in pieces of at most 256 KiB.
Result<void> produce(const Content& content, const std::function<Result<void>(ByteView)>& write);

// Equal arguments give equal seeds; different ones, by all odds, different seeds.
std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t salt);

}  // namespace firebreak
