#include "floor_worker.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/check.h"

namespace firebreak {

std::vector<ChunkRange> batches(const Survey& survey) {
  std::vector<ChunkRange> ranges;
  std::size_t size = kBatchSize;
  for (std::size_t at = 0; at < survey.chunks.size(); ++at) {
    if (size >= kBatchSize) {
      ranges.emplace_back(at, at);
      size = 0;
    }
    ranges.back().second = at + 1;
    size += survey.chunks[at].size_bytes;
  }
  return ranges;
}

std::string pack_path(const FloorRun& run, std::uint32_t pack) {
  return fmt::format("{}/{:08}", run.packs, pack);
}

Bytes touched(std::size_t size) {
  Bytes bytes(size);
  std::fill(bytes.begin(), bytes.end(), std::byte{1});
  return bytes;
}

Worker::Worker(const Survey& survey, const FloorRun& run, const Sealer& sealer)
    : survey_(survey), run_(run), sealer_(sealer) {
  CHECK(compressor_ != nullptr && decompressor_ != nullptr);
  ZSTD_CCtx_setParameter(compressor_.get(), ZSTD_c_compressionLevel, run.level);
}

Result<void> Worker::open_pieces(Step step) {
  if (opened_.size() < sealed_pieces_.size()) opened_.resize(sealed_pieces_.size());
  return meter_.time(step, [&]() -> Result<void> {
    for (std::size_t i = 0; i < sealed_pieces_.size(); ++i) {
      const Piece& piece = sealed_pieces_[i];
      const ByteView sealed = ByteView(sealed_).subspan(piece.offset, piece.size);
      opened_[i] = TRY(sealer_.open(sealed, std::move(opened_[i])));
    }
    return {};
  });
}

Result<void> Worker::decompress_pieces(Step step) {
  plain_pieces_.clear();
  std::size_t at = 0;
  for (std::size_t i = 0; i < sealed_pieces_.size(); ++i) {
    const SurveyedChunk& chunk = survey_.chunks[sealed_pieces_[i].chunk];
    plain_pieces_.push_back({sealed_pieces_[i].chunk, at, chunk.size_bytes});
    if (!chunk.is_compressible) {
      std::copy_n(opened_[i].data(), chunk.size_bytes, plain_.data() + at);
    }
    at += chunk.size_bytes;
  }
  return meter_.time(step, [&]() -> Result<void> {
    for (std::size_t i = 0; i < plain_pieces_.size(); ++i) {
      const Bytes& from = opened_[i];
      const Piece& to = plain_pieces_[i];
      if (!survey_.chunks[to.chunk].is_compressible) continue;
      const std::size_t size = ZSTD_decompressDCtx(decompressor_.get(), plain_.data() + to.offset,
                                                   to.size, from.data(), from.size());
      if (size != to.size) return error(Code::Corrupt, "a frame of another size");
    }
    return {};
  });
}

Result<void> Worker::hash_pieces(Step step) {
  return meter_.time(step, [&]() -> Result<void> {
    for (const Piece& piece : plain_pieces_) {
      const Sha256 hash = sha256(ByteView(plain_).subspan(piece.offset, piece.size));
      if (hash != survey_.chunks[piece.chunk].hash) {
        return error(Code::Corrupt, "{} changed",
                     survey_.files[survey_.chunks[piece.chunk].file].path);
      }
    }
    return {};
  });
}

}  // namespace firebreak
