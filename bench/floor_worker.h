// What the floor's jobs share: a thread with its buffers, and the steps that occur in several.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <zstd.h>

#include "base/bytes.h"
#include "base/task_group.h"
#include "floor_jobs.h"

namespace firebreak {

constexpr std::size_t kBatchSize = 2 << 20;  // fits the processor's cache
constexpr std::size_t kFloorChunkSizeMax = 8 << 20;
constexpr std::size_t kFloorPackSize = 16 << 20;
constexpr std::size_t kBufferSize = kBatchSize + 2 * kFloorChunkSizeMax;

using ChunkRange = std::pair<std::size_t, std::size_t>;  // [first, second)

// Consecutive chunks of about kBatchSize bytes together.
std::vector<ChunkRange> batches(const Survey& survey);

std::string pack_path(const FloorRun& run, std::uint32_t pack);

// Memory whose first touch is behind it.
Bytes touched(std::size_t size);

// A piece of a buffer that belongs to a chunk.
struct Piece {
  std::size_t chunk = 0;
  std::size_t offset = 0;
  std::size_t size = 0;
};

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// One thread's buffers, contexts and meter. Not thread-safe.
class Worker {
 public:
  Worker(const Survey& survey, const FloorRun& run, const Sealer& sealer);

  const Meter& meter() const { return meter_; }

 protected:
  // Opens every piece of `sealed_` into `opened_`.
  Result<void> open_pieces(Step step);
  // From the opened pieces into `plain_`, one behind the other. Pieces stored plain are copied
  // for the steps that follow, outside of the measurement.
  Result<void> decompress_pieces(Step step);
  // Hashes `plain_pieces_` and compares with the survey.
  Result<void> hash_pieces(Step step);

  const Survey& survey_;
  const FloorRun& run_;
  const Sealer& sealer_;
  Meter meter_;
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> compressor_{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> decompressor_{ZSTD_createDCtx()};
  Bytes plain_ = touched(kBufferSize);
  Bytes sealed_ = touched(kBufferSize);
  std::vector<Bytes> opened_;  // one for each of `sealed_pieces_`; more are kept for their storage
  std::vector<Piece> plain_pieces_;
  std::vector<Piece> sealed_pieces_;
};

// Runs `work(worker, item)` for every item below `count` on all threads, then `end(worker)`.
template <typename AnyWorker, typename Make, typename Work, typename End>
Result<std::vector<Meter>> on_threads(unsigned threads, std::size_t count, const Make& make,
                                      const Work& work, const End& end) {
  std::atomic<std::size_t> next{0};
  std::vector<Meter> meters(threads);
  TaskGroup group;
  for (unsigned i = 0; i < threads; ++i) {
    group.run([&, i](std::stop_token stop) -> Result<void> {
      const std::unique_ptr<AnyWorker> worker = make();
      for (std::size_t at = next++; at < count && !stop.stop_requested(); at = next++) {
        TRY(work(*worker, at));
      }
      TRY(end(*worker));
      meters[i] = worker->meter();
      return {};
    });
  }
  TRY(group.wait());
  return meters;
}

}  // namespace firebreak
