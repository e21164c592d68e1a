#include "snapshot/content_restorer.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "snapshot/file_metadata.h"

namespace firebreak {
namespace {

// What a batch may hold, files and blobs alike: some 30 MiB of bookkeeping.
constexpr std::size_t kPiecesPerBatch = 32 * 1024;
// One request fetches neighbours up to this size, and reads over gaps up to that.
constexpr std::uint64_t kRunSizeMax = 8 * 1024 * 1024;
constexpr std::uint64_t kGapMax = 128 * 1024;
// Runs of zeros of whole blocks become holes.
constexpr std::size_t kBlock = 64 * 1024;

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// Into a new file, where what is not written reads as zero.
Result<void> write_sparse(int fd, ByteView bytes, std::uint64_t offset) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = std::min(kBlock, bytes.size() - at);
    if (is_zero(bytes.subspan(at, length))) {
      TRY(write_all_at(fd, bytes.subspan(begin, at - begin), offset + begin));
      begin = at + length;
    }
    at += length;
  }
  return write_all_at(fd, bytes.subspan(begin), offset + begin);
}

}  // namespace

struct ContentRestorer::File {
  std::string below;
  Node node;
  Done done;
  std::uint64_t size = 0;              // the sum of its blobs
  std::atomic<std::size_t> parts = 1;  // pieces not written yet, and the walk that adds them
  std::atomic<bool> failed = false;
  Mutex mutex;
  bool made GUARDED_BY(mutex) = false;
  dev_t device GUARDED_BY(mutex) = 0;  // and inode: which file was made
  ino_t inode GUARDED_BY(mutex) = 0;
};

Result<void> ContentRestorer::add(std::string below, const Node& node, Done done,
                                  std::stop_token stop) {
  // Owned by the pieces of the batch; a large file has pieces in several.
  const auto file = std::make_shared<File>();
  file->below = std::move(below);
  file->node = node;
  file->done = std::move(done);
  for (const BlobId& id : file->node.content.value_or(std::vector<BlobId>())) {
    const auto [entry, is_new] = batch_.try_emplace(id);
    Wanted& wanted = entry->second;
    if (is_new) {
      std::vector<BlobPlace> places = repository_.index().find(BlobType::Data, id);
      if (places.empty()) {
        batch_.erase(entry);
        report(*file, error(Code::NotFound, "nothing from byte {} on: blob {} is in no index",
                            file->size, id.brief()));
        break;  // what follows has no known place
      }
      wanted.place = places.front();
    }
    ++file->parts;
    wanted.pieces.push_back({file, file->size});
    file->size += wanted.place.entry.size();
    if (++pieces_ >= kPiecesPerBatch) TRY(flush(stop));
  }
  if (file->size != node.size && !file->failed) {
    report(*file, error(Code::Corrupt, "{} bytes, but its entry says {}", file->size, node.size));
  }
  ++pieces_;
  if (--file->parts > 0) return {};
  Result<Fd> fd = open_file(*file);
  if (!fd.ok()) return fail(*file, fd.error());
  return finish(*file, fd->get());
}

Result<void> ContentRestorer::flush(std::stop_token stop) {
  WorkStack work;
  const std::vector<Run> runs = plan();
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {  // the stack gives the last one first
    work.push([this, run = *run](std::stop_token stopped) { return fetch(run, stopped); });
  }
  Result<void> done = work.run(workers_, stop);
  batch_.clear();
  pieces_ = 0;
  return done;
}

std::vector<ContentRestorer::Run> ContentRestorer::plan() {
  std::vector<Wanted*> all;
  all.reserve(batch_.size());
  for (auto& [id, wanted] : batch_) all.push_back(&wanted);
  std::ranges::sort(all, {}, [](const Wanted* wanted) {
    return std::pair(wanted->place.pack, wanted->place.entry.offset);
  });
  std::vector<Run> runs;
  for (Wanted* const wanted : all) {
    const BlobPlace& place = wanted->place;
    if (!runs.empty()) {
      const BlobPlace& first = runs.back().front()->place;
      const BlobPlace& last = runs.back().back()->place;
      const std::uint64_t end = std::uint64_t{last.entry.offset} + last.entry.length;
      const bool is_near = place.pack == first.pack && place.entry.offset <= end + kGapMax &&
                           place.entry.offset + std::uint64_t{place.entry.length} <=
                               first.entry.offset + kRunSizeMax;
      if (is_near) {
        runs.back().push_back(wanted);
        continue;
      }
    }
    runs.push_back({wanted});
  }
  return runs;
}

Result<void> ContentRestorer::fetch(const Run& run, std::stop_token stop) {
  thread_local Bytes sealed;
  thread_local Bytes plain;
  const std::uint64_t begin = run.front()->place.entry.offset;
  std::uint64_t end = begin;  // not the last one's: a damaged index may put blobs inside each other
  for (const Wanted* const wanted : run) {
    const PackEntry& entry = wanted->place.entry;
    end = std::max(end, entry.offset + std::uint64_t{entry.length});
  }
  const Range range{begin, end - begin};
  Result<Bytes> loaded = repository_.backend().load({FileType::Pack, run.front()->place.pack.hex()},
                                                    range, std::move(sealed), stop);
  if (failed_with(loaded, Code::Canceled)) return std::move(loaded).error();
  if (loaded.ok()) sealed = std::move(loaded).value();
  for (const Wanted* const wanted : run) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    const PackEntry& entry = wanted->place.entry;
    Result<Bytes> opened =
        loaded.ok() ? open_blob(repository_.sealer(), entry,
                                ByteView(sealed).subspan(entry.offset - begin, entry.length),
                                std::move(plain))
                    : Result<Bytes>(loaded.error());
    // Another pack may have a whole copy.
    if (!opened.ok()) opened = repository_.load_blob(BlobType::Data, entry.id, {}, stop);
    if (failed_with(opened, Code::Canceled)) return std::move(opened).error();
    if (opened.ok()) plain = std::move(opened).value();
    for (const Piece& piece : wanted->pieces) {
      if (!opened.ok()) {
        report(*piece.file,
               error(opened.error().code(), "bytes {} to {} are lost: {}", piece.offset,
                     piece.offset + entry.size(), opened.error().message()));
      }
      TRY(write(piece, opened.ok() ? ByteView(plain) : ByteView()));
    }
  }
  return {};
}

Result<Fd> ContentRestorer::open_file(File& file) {
  const MutexLock lock(file.mutex);
  // Whoever else may write to the target may have put a pipe there, or a link to a file elsewhere.
  const int flags = file.made ? O_WRONLY | O_NONBLOCK : O_WRONLY | O_CREAT | O_EXCL;
  Fd fd = TRY(target_.open_below(file.below, flags, 0600));
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) {
    return errno_error(errno, "reading", target_.path_of(file.below));
  }
  if (file.made && (status.st_dev != file.device || status.st_ino != file.inode)) {
    return error(Code::Conflict, "somebody else put another file in its place");
  }
  file.made = true;
  file.device = status.st_dev;
  file.inode = status.st_ino;
  return fd;
}

// Nothing for a piece whose bytes are lost: its place stays a hole.
Result<void> ContentRestorer::write(const Piece& piece, ByteView plain) {
  File& file = *piece.file;
  Result<Fd> fd = open_file(file);
  if (!fd.ok()) return fail(file, fd.error());
  Result<void> written = write_sparse(fd->get(), plain, piece.offset);
  if (!written.ok()) return fail(file, std::move(written).error().within("writing"));
  events_.wrote(plain.size());
  if (--file.parts > 0) {
    Result<void> closed = fd->close();
    if (!closed.ok()) report(file, closed.error());
    return {};
  }
  return finish(file, fd->get());
}

Result<void> ContentRestorer::finish(File& file, int fd) {
  const std::string path = target_.path_of(file.below);
  if (ftruncate(fd, static_cast<off_t>(file.size)) != 0) {
    report(file, errno_error(errno, "setting the size of", path));
  }
  // A file with holes keeps a time of its own, so that nobody takes it for the snapshot's.
  if (!file.failed) {
    if (Result<void> set = write_metadata(fd, file.node, path); !set.ok()) {
      report(file, set.error());
    }
  }
  return file.done();
}

// The file cannot be made or written. A full disk ends the restore: every other file would fail.
Result<void> ContentRestorer::fail(File& file, const Error& problem) {
  if (problem.code() == Code::Exhausted) return Error(problem).within(file.below);
  report(file, problem);
  if (file.parts > 0 && --file.parts > 0) return {};
  return file.done();
}

void ContentRestorer::report(File& file, const Error& problem) {
  file.failed = true;
  events_.failed(file.below, problem);
}

}  // namespace firebreak
