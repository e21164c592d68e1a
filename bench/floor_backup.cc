#include <algorithm>
#include <fcntl.h>

#include "base/file.h"
#include "base/text.h"
#include "floor_worker.h"

namespace firebreak {
namespace {

class BackupWorker : public Worker {
 public:
  BackupWorker(Survey& survey, const FloorRun& run, const Sealer& sealer,
               std::atomic<std::uint32_t>& next_pack)
      : Worker(survey, run, sealer), stored_(survey), next_pack_(next_pack) {
    pack_.clear();
    pack_number_ = next_pack_++;
  }

  Result<void> batch(const ChunkRange& range) {
    TRY(read(range));
    TRY(hash_pieces(Step::Hash));
    std::erase_if(plain_pieces_, [&](const Piece& piece) { return !survey_.is_new(piece.chunk); });
    TRY(compress());
    seal();
    TRY(verify());
    if (pack_.size() >= kFloorPackSize) TRY(flush());
    return {};
  }

  Result<void> flush() {
    if (pack_.empty()) return {};
    const std::string name = meter_.time(Step::HashPacks, [&] { return to_hex(sha256(pack_)); });
    const std::string path = pack_path(run_, pack_number_);
    TRY(meter_.time(Step::WritePacks, [&] { return write_file(path, pack_); }));
    pack_.clear();
    pack_number_ = next_pack_++;
    return {};
  }

 private:
  Result<void> read(const ChunkRange& range) {
    plain_pieces_.clear();
    return meter_.time(Step::Read, [&]() -> Result<void> {
      Fd fd;
      std::size_t at = 0;
      for (std::size_t i = range.first; i < range.second; ++i) {
        const SurveyedChunk& chunk = survey_.chunks[i];
        if (i == range.first || chunk.file != survey_.chunks[i - 1].file) {
          const std::string path = survey_.root + "/" + survey_.files[chunk.file].path;
          fd = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
          if (!fd.is_open()) return errno_error(errno, "open", path);
        }
        const std::span<std::byte> into = std::span(plain_).subspan(at, chunk.size_bytes);
        const std::size_t got = TRY(read_up_to_at(fd.get(), into, chunk.offset));
        if (got != chunk.size_bytes) return error(Code::Corrupt, "the tree changed");
        plain_pieces_.push_back({i, at, got});
        at += got;
      }
      return {};
    });
  }

  // Into `frames_`, one piece for each of `plain_pieces_`; of size 0 where it is not worth it.
  Result<void> compress() {
    frame_pieces_.clear();
    return meter_.time(Step::Compress, [&]() -> Result<void> {
      std::size_t at = 0;
      for (const Piece& piece : plain_pieces_) {
        std::size_t size = 0;
        if (survey_.chunks[piece.chunk].is_compressible) {
          size = ZSTD_compress2(compressor_.get(), frames_.data() + at, frames_.size() - at,
                                plain_.data() + piece.offset, piece.size);
          if (ZSTD_isError(size) != 0) return error(Code::Invalid, "zstd failed");
        }
        frame_pieces_.push_back({piece.chunk, at, size});
        at += size;
      }
      return {};
    });
  }

  // Into the pack, and a copy into `sealed_` for the verification.
  void seal() {
    const std::size_t start = pack_.size();
    sealed_pieces_.clear();
    meter_.time(Step::Seal, [&] {
      for (std::size_t i = 0; i < plain_pieces_.size(); ++i) {
        const Piece& plain = plain_pieces_[i];
        const Piece& frame = frame_pieces_[i];
        const std::size_t at = pack_.size();
        sealer_.seal(frame.size > 0 ? ByteView(frames_).subspan(frame.offset, frame.size)
                                    : ByteView(plain_).subspan(plain.offset, plain.size),
                     pack_);
        sealed_pieces_.push_back({plain.chunk, at - start, pack_.size() - at});
      }
    });
    std::copy(pack_.begin() + static_cast<std::ptrdiff_t>(start), pack_.end(), sealed_.begin());
    for (const Piece& piece : sealed_pieces_) {
      SurveyedChunk& chunk = stored_.chunks[piece.chunk];
      chunk.pack = pack_number_;
      chunk.pack_offset = static_cast<std::uint32_t>(start + piece.offset);
      chunk.stored_bytes = static_cast<std::uint32_t>(piece.size);
    }
  }

  // That what was sealed is what was read.
  Result<void> verify() {
    TRY(open_pieces(Step::VerifyOpen));
    const std::vector<Piece> read = plain_pieces_;
    plain_.swap(read_);
    TRY(decompress_pieces(Step::VerifyDecompress));
    return meter_.time(Step::VerifyCompare, [&]() -> Result<void> {
      for (std::size_t i = 0; i < read.size(); ++i) {
        const Piece& piece = plain_pieces_[i];
        if (std::memcmp(plain_.data() + piece.offset, read_.data() + read[i].offset, piece.size) !=
            0) {
          return error(Code::Corrupt, "a chunk changed on its way");
        }
      }
      return {};
    });
  }

  Survey& stored_;  // only the chunks of this worker's batches
  std::atomic<std::uint32_t>& next_pack_;
  std::uint32_t pack_number_ = 0;
  Bytes read_ = touched(kBufferSize);
  Bytes frames_ = touched(kBufferSize);
  Bytes pack_ = touched(kFloorPackSize + kBufferSize);
  std::vector<Piece> frame_pieces_;
};

}  // namespace

Result<std::vector<Meter>> floor_backup(Survey& survey, const FloorRun& run, const Sealer& sealer) {
  const std::vector<ChunkRange> ranges = batches(survey);
  std::atomic<std::uint32_t> next_pack{0};
  return on_threads<BackupWorker>(
      run.threads, ranges.size(),
      [&] { return std::make_unique<BackupWorker>(survey, run, sealer, next_pack); },
      [&](BackupWorker& worker, std::size_t at) { return worker.batch(ranges[at]); },
      [](BackupWorker& worker) { return worker.flush(); });
}

}  // namespace firebreak
