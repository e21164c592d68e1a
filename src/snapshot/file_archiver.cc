#include "snapshot/file_archiver.h"

#include "base/mutex.h"

namespace firebreak {
namespace {

// Twice the longest chunk: what is moved to the front on a refill is never more than what is read.
constexpr std::size_t kWindowSize = 2 * kChunkSizeMax;

// The bytes of a file that are not cut yet, in the worker's one buffer.
class Window {
 public:
  Window() { buffer_.resize(kWindowSize); }

  void clear() {
    begin_ = end_ = 0;
    at_end_ = false;
  }
  bool is_at_end() const { return at_end_; }
  ByteView bytes() const { return ByteView(buffer_).subspan(begin_, end_ - begin_); }
  void drop(std::size_t count) { begin_ += count; }

  // Afterwards the longest chunk or the end of the file is inside.
  Result<void> refill(int fd, const std::stop_token& stop) {
    if (at_end_ || end_ - begin_ >= kChunkSizeMax) return {};
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    const std::span<std::byte> room = std::span(buffer_).subspan(end_);
    const std::size_t got = TRY(read_up_to(fd, room, stop));
    at_end_ = got < room.size();
    end_ += got;
    return {};
  }

 private:
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;
};

}  // namespace

struct FileArchiver::Job {
  Node node;
  Done done;
  std::atomic<std::size_t> parts = 1;  // chunks under way, and the reader
  std::atomic<bool> failed = false;
  Mutex mutex;
  std::vector<BlobId> content GUARDED_BY(mutex);
};

Result<void> FileArchiver::archive(int fd, Node node, const std::string& path, Done done,
                                   std::stop_token stop) {
  thread_local Window window;
  window.clear();
  // Owned by this reader and by the tasks that save its chunks, whichever lasts longer.
  const auto job = std::make_shared<Job>();
  job->node = std::move(node);
  job->done = std::move(done);
  std::uint64_t size = 0;
  for (std::size_t slot = 0;; ++slot) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    if (Result<void> read = window.refill(fd, stop); !read.ok()) {
      job->failed = true;
      if (failed_with(read, Code::Canceled)) return read;
      return std::move(read).error().within(path).on(Side::Source);
    }
    const std::size_t length = chunker_.next(window.bytes());
    if (length == 0) break;
    const ByteView chunk = window.bytes().first(length);
    const bool is_last = window.is_at_end() && window.bytes().size() == length;
    TRY(save(job, slot, chunk, !is_last));
    window.drop(length);
    size += length;
  }
  job->node.size = size;
  return finish_part(*job);
}

Result<void> FileArchiver::save(const std::shared_ptr<Job>& job, std::size_t slot, ByteView chunk,
                                bool may_share) {
  const auto save_now = [this](Job& to, std::size_t at, ByteView bytes) -> Result<void> {
    const SavedBlob blob = TRY(saver_.save(BlobType::Data, bytes));
    bytes_done_ += bytes.size();
    const MutexLock lock(to.mutex);
    if (to.content.size() <= at) to.content.resize(at + 1);
    to.content[at] = blob.id;
    return {};
  };
  if (!may_share || !work_.has_idle_worker()) return save_now(*job, slot, chunk);
  Bytes copy;
  append(copy, chunk);
  ++job->parts;
  work_.push([save_now, job, slot, bytes = std::move(copy)](std::stop_token) -> Result<void> {
    TRY(save_now(*job, slot, bytes));
    return finish_part(*job);
  });
  return {};
}

Result<void> FileArchiver::finish_part(Job& job) {
  if (--job.parts > 0 || job.failed) return {};
  {
    const MutexLock lock(job.mutex);
    job.node.content = std::move(job.content);
  }
  return job.done(std::move(job.node));
}

}  // namespace firebreak
