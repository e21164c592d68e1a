#include "snapshot/content_restorer.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

#include "base/text.h"
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

// Asks first, because nearly every file has its size already and setting it is a change.
Result<void> set_size(int fd, std::uint64_t size) {
  struct stat status {};
  if (fstat(fd, &status) == 0 && static_cast<std::uint64_t>(status.st_size) == size) return {};
  if (ftruncate(fd, static_cast<off_t>(size)) != 0) return errno_error(errno, "truncate", "");
  return {};
}

Error incomplete(const PartialFile& file, const Error& problem) {
  return error(problem.code(), "{} is incomplete and not kept: {}", printable(file.below()),
               problem.message());
}

}  // namespace

struct ContentRestorer::File {
  File(const TargetFolder& target, Placing placing, Node entry, Done end)
      : partial(target, std::move(placing)), node(std::move(entry)), done(std::move(end)) {}

  bool has_several_pieces() const { return node.content && node.content->size() > 1; }

  PartialFile partial;
  const Node node;
  const Done done;
  std::uint64_t size = 0;              // the sum of its blobs
  std::atomic<std::size_t> parts = 1;  // pieces not written yet, and the walk that adds them
  std::atomic<bool> failed = false;
};

ContentRestorer::~ContentRestorer() {
  // Every file that is not whole has a piece in the batch that was not finished.
  for (const auto& [id, wanted] : batch_) {
    for (const Piece& piece : wanted.pieces) piece.file->partial.discard();
  }
}

Result<void> ContentRestorer::add(Placing placing, const Node& node, Done done,
                                  std::stop_token stop) {
  // Owned by the pieces of the batch; a large file has pieces in several.
  const auto file = std::make_shared<File>(target_, std::move(placing), node, std::move(done));
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
  return end_part(*file, {});
}

Result<void> ContentRestorer::flush(std::stop_token stop) {
  WorkStack work;
  const std::vector<Run> runs = plan();
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {  // the stack gives the last one first
    work.push([this, run = *run](std::stop_token stopped) { return fetch(run, stopped); });
  }
  TRY(work.run(workers_, stop));
  batch_.clear();
  pieces_ = 0;
  return {};
}

bool ContentRestorer::made_up(const std::string& below) const {
  {
    const MutexLock lock(mutex_);
    if (damaged_.contains(below)) return true;
  }
  return std::ranges::any_of(batch_, [&](const auto& entry) {
    return std::ranges::any_of(entry.second.pieces, [&](const Piece& piece) {
      return piece.file->partial.lies_at(below);
    });
  });
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
  // NOLINTBEGIN(bugprone-use-after-move): of what was taken out only whether it was there is asked.
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
        TRY(end_part(*piece.file, {}));  // its place stays a hole
        continue;
      }
      TRY(write(piece, plain));
    }
  }
  // NOLINTEND(bugprone-use-after-move)
  return {};
}

Result<void> ContentRestorer::write(const Piece& piece, ByteView plain) {
  File& file = *piece.file;
  Result<PartialFile::Opened> opened = file.partial.open();
  if (!opened.ok()) return fail(file, opened.error());
  Result<void> written = write_sparse(opened->fd.get(), plain, piece.offset);
  // Before another thread, with the last piece, takes the file for whole.
  if (written.ok() && file.has_several_pieces()) written = opened->fd.close();
  if (!written.ok()) return fail(file, std::move(written).error().within("writing"));
  events_.wrote(plain.size());
  return end_part(file, std::move(opened).value());
}

Result<void> ContentRestorer::end_part(File& file, PartialFile::Opened opened) {
  if (--file.parts > 0) return {};
  return finish(file, std::move(opened));
}

// No other thread uses the file any more.
Result<void> ContentRestorer::finish(File& file, PartialFile::Opened opened) {
  const bool holds_something = !file.failed || file.partial.is_made();
  if (holds_something) {
    if (Result<void> named = give_name(file, std::move(opened)); !named.ok()) {
      file.partial.discard();
      if (failed_with(named, Code::Exhausted)) return incomplete(file.partial, named.error());
      report(file, named.error());
    }
  }
  return file.done(!file.failed);
}

Result<void> ContentRestorer::give_name(File& file, PartialFile::Opened opened) {
  if (!opened.fd.is_open()) opened = TRY(file.partial.open());
  const std::string path = target_.path_of(file.partial.below());
  TRY(set_size(opened.fd.get(), file.size).context("setting the size of {}", printable(path)));
  if (!file.failed) {
    // Whole content is worth its name even where the file system knows no owners or attributes.
    if (Result<void> set = write_metadata(opened.fd.get(), file.node, path); !set.ok()) {
      events_.failed(file.partial.below(), set.error());
    }
    return file.partial.give_final_name(std::move(opened));
  }
  const std::string damaged =
      TRY(file.partial.give_damaged_name(std::move(opened), replaces_damaged_)
              .context("what could be read is not kept"));
  events_.failed(file.partial.below(),
                 error(Code::Corrupt, "not whole; what could be read is in {}",
                       printable(target_.path_of(damaged))));
  const MutexLock lock(mutex_);
  damaged_.insert(damaged);
  return {};
}

// The file cannot be made or written. A full disk ends the restore: every other file would fail.
Result<void> ContentRestorer::fail(File& file, const Error& problem) {
  if (problem.code() == Code::Exhausted) return incomplete(file.partial, problem);
  report(file, problem);
  return end_part(file, {});
}

void ContentRestorer::report(File& file, const Error& problem) {
  file.failed = true;
  events_.failed(file.partial.below(), problem);
}

}  // namespace firebreak
