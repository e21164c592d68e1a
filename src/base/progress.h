// How far a long job is: counted by the workers, read by whoever prints, at any time.
#pragma once

#include <atomic>
#include <cstdint>

namespace firebreak {

struct Progress {
  std::atomic<std::uint64_t> done = 0;  // things: packs, blobs, files, as the verb says
  std::atomic<std::uint64_t> total = 0;
  std::atomic<std::uint64_t> bytes_done = 0;
  std::atomic<std::uint64_t> bytes_total = 0;
  std::atomic<std::uint64_t> errors = 0;
};

}  // namespace firebreak
