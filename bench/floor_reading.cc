#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include "base/file.h"
#include "floor_worker.h"

namespace firebreak {
namespace {

class ReadingWorker : public Worker {
 public:
  using Worker::Worker;

  Result<void> restore_batch(const ChunkRange& range) {
    sealed_pieces_.clear();
    TRY(meter_.time(Step::ReadPacks, [&] { return read_new(range); }));
    TRY(open_pieces(Step::Open));
    TRY(decompress_pieces(Step::Decompress));
    TRY(hash_pieces(Step::Hash));
    std::size_t at = 0;
    for (const Piece& piece : plain_pieces_) at += piece.size;
    TRY(add_duplicates(range, at));
    return meter_.time(Step::Write, [&] { return write(); });
  }

  // `chunks`: what the pack holds, by offset.
  Result<void> check_pack(std::uint32_t pack, const std::vector<std::size_t>& chunks) {
    const std::string path = pack_path(run_, pack);
    std::size_t size = 0;
    sealed_pieces_.clear();
    for (const std::size_t chunk : chunks) {
      const SurveyedChunk& found = survey_.chunks[chunk];
      sealed_pieces_.push_back({chunk, found.pack_offset, found.stored_bytes});
      size += found.stored_bytes;
    }
    if (sealed_.size() < size) sealed_ = touched(size);
    TRY(meter_.time(Step::ReadPacks, [&] { return read_pack(path, size); }));
    meter_.time(Step::HashPacks, [&] { return sha256(ByteView(sealed_).first(size)); });
    return check_pieces();
  }

 private:
  Result<void> read_pack(const std::string& path, std::size_t size) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.is_open()) return errno_error(errno, "open", path);
    const std::size_t got = TRY(read_up_to(fd.get(), std::span(sealed_).first(size)));
    if (got != size) return error(Code::Corrupt, "{} is short", path);
    return {};
  }

  // In cache-sized runs, as the other jobs have it.
  Result<void> check_pieces() {
    const std::vector<Piece> all = std::exchange(sealed_pieces_, {});
    for (std::size_t at = 0; at < all.size();) {
      sealed_pieces_.clear();
      for (std::size_t size = 0; at < all.size() && size < kBatchSize; ++at) {
        sealed_pieces_.push_back(all[at]);
        size += survey_.chunks[all[at].chunk].size_bytes;
      }
      TRY(open_pieces(Step::Open));
      TRY(decompress_pieces(Step::Decompress));
      TRY(hash_pieces(Step::Hash));
    }
    return {};
  }

  Result<void> read_chunk(std::size_t chunk, std::size_t at) {
    const SurveyedChunk& stored = survey_.chunks[chunk];
    if (!pack_.is_open() || pack_number_ != stored.pack) {
      const std::string path = pack_path(run_, stored.pack);
      pack_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!pack_.is_open()) return errno_error(errno, "open", path);
      pack_number_ = stored.pack;
    }
    const std::span<std::byte> into = std::span(sealed_).subspan(at, stored.stored_bytes);
    const std::size_t got = TRY(read_up_to_at(pack_.get(), into, stored.pack_offset));
    if (got != stored.stored_bytes) return error(Code::Corrupt, "a short pack");
    sealed_pieces_.push_back({chunk, at, got});
    return {};
  }

  Result<void> read_new(const ChunkRange& range) {
    std::size_t at = 0;
    for (std::size_t i = range.first; i < range.second; ++i) {
      if (!survey_.is_new(i)) continue;
      TRY(read_chunk(i, at));
      at += survey_.chunks[i].stored_bytes;
    }
    return {};
  }

  // Whoever restores decodes a chunk once and writes it as often as it occurs; the second decoding
  // here stays out of the measurement.
  Result<void> add_duplicates(const ChunkRange& range, std::size_t at) {
    const Meter kept = meter_;
    std::vector<Piece> pieces = plain_pieces_;
    for (std::size_t i = range.first; i < range.second; ++i) {
      if (survey_.is_new(i)) continue;
      sealed_pieces_.clear();
      TRY(read_chunk(survey_.chunks[i].first, 0));
      TRY(open_pieces(Step::Open));
      plain_.swap(spare_);
      const Result<void> done = decompress_pieces(Step::Decompress);
      plain_.swap(spare_);
      TRY(done);
      std::copy_n(spare_.begin(), survey_.chunks[i].size_bytes,
                  plain_.begin() + static_cast<std::ptrdiff_t>(at));
      pieces.push_back({i, at, survey_.chunks[i].size_bytes});
      at += survey_.chunks[i].size_bytes;
    }
    std::sort(pieces.begin(), pieces.end(),
              [](const Piece& a, const Piece& b) { return a.chunk < b.chunk; });
    plain_pieces_ = std::move(pieces);
    meter_ = kept;
    return {};
  }

  Result<void> write() {
    Fd fd;
    std::size_t open_file = SIZE_MAX;
    for (const Piece& piece : plain_pieces_) {
      const SurveyedChunk& chunk = survey_.chunks[piece.chunk];
      if (chunk.file != open_file) {
        const std::string path = run_.restored + "/" + survey_.files[chunk.file].path;
        fd = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
        if (!fd.is_open()) return errno_error(errno, "create", path);
        open_file = chunk.file;
      }
      TRY(write_all_at(fd.get(), ByteView(plain_).subspan(piece.offset, piece.size), chunk.offset));
    }
    return {};
  }

  Fd pack_;
  std::uint32_t pack_number_ = 0;
  Bytes spare_ = touched(kFloorChunkSizeMax);
};

Result<void> nothing(ReadingWorker& /*worker*/) {
  return {};
}

}  // namespace

Result<std::vector<Meter>> floor_restore(const Survey& survey, const FloorRun& run,
                                         const Sealer& sealer) {
  Meter creating;
  TRY(make_folders(run.restored));
  TRY(creating.time(Step::Create, [&]() -> Result<void> {
    for (const std::string& folder : survey.folders) {
      const std::string path = run.restored + "/" + folder;
      if (::mkdir(path.c_str(), 0755) != 0) return errno_error(errno, "make folder", path);
    }
    for (const SurveyedFile& file : survey.files) {
      if (file.size_bytes > 0) continue;
      const std::string path = run.restored + "/" + file.path;
      const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      if (!fd.is_open()) return errno_error(errno, "create", path);
    }
    return {};
  }));
  const std::vector<ChunkRange> ranges = batches(survey);
  std::vector<Meter> meters = TRY(on_threads<ReadingWorker>(
      run.threads, ranges.size(),
      [&] { return std::make_unique<ReadingWorker>(survey, run, sealer); },
      [&](ReadingWorker& worker, std::size_t at) { return worker.restore_batch(ranges[at]); },
      nothing));
  meters.front().add(creating);
  return meters;
}

Result<std::vector<Meter>> floor_check(const Survey& survey, const FloorRun& run,
                                       const Sealer& sealer) {
  std::vector<std::vector<std::size_t>> packs;
  for (std::size_t i = 0; i < survey.chunks.size(); ++i) {
    if (!survey.is_new(i)) continue;
    packs.resize(std::max<std::size_t>(packs.size(), survey.chunks[i].pack + 1U));
    packs[survey.chunks[i].pack].push_back(i);
  }
  return on_threads<ReadingWorker>(
      run.threads, packs.size(),
      [&] { return std::make_unique<ReadingWorker>(survey, run, sealer); },
      [&](ReadingWorker& worker, std::size_t at) -> Result<void> {
        if (packs[at].empty()) return {};
        return worker.check_pack(static_cast<std::uint32_t>(at), packs[at]);
      },
      nothing);
}

}  // namespace firebreak
