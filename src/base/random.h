// Chance. Secrets come from the kernel; everything else from a seed that tests print.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace firebreak {

// Fills with bytes from the kernel's generator; fit for keys and nonces. Stops the program
// where the kernel has none, because going on would write with a known key.
void fill_secret(std::span<std::byte> to);

// A fast seeded generator (splitmix64): equal seeds give equal runs. Not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  // Uniform in [0, limit); limit > 0.
  std::uint64_t below(std::uint64_t limit);
  void fill(std::span<std::byte> to);

 private:
  std::uint64_t state_;
};

}  // namespace firebreak
