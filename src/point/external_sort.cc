#include "point/external_sort.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

namespace firebreak {
namespace {

constexpr std::size_t kHeadBytes = 8;  // lengths of key and value
constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

// One sorted part of the file, from its beginning.
class ExternalSort::PartReader {
 public:
  PartReader(int fd, const ScratchCipher& cipher, Part part)
      : fd_(fd), cipher_(cipher), next_(part.begin), end_(part.end) {}

  // False at the end.
  Result<bool> next() {
    at_ += size_;
    size_ = 0;
    if (at_ == bytes_.size() && next_ == end_) return false;
    TRY(have(kHeadBytes));
    key_bytes_ = load_le32(bytes_.data() + at_);
    const std::size_t value_bytes = load_le32(bytes_.data() + at_ + 4);
    size_ = kHeadBytes + key_bytes_ + value_bytes;
    TRY(have(size_));
    return true;
  }
  std::string_view key() const {
    return as_text(ByteView(bytes_).subspan(at_ + kHeadBytes, key_bytes_));
  }
  ByteView value() const {
    return ByteView(bytes_).subspan(at_ + kHeadBytes + key_bytes_, size_ - kHeadBytes - key_bytes_);
  }

 private:
  Result<void> have(std::size_t wanted) {
    if (bytes_.size() - at_ >= wanted) return {};
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    const std::size_t old = bytes_.size();
    const std::uint64_t more = std::min<std::uint64_t>(std::max(kReadBytes, wanted), end_ - next_);
    bytes_.resize(old + more);
    const std::size_t got = TRY(read_up_to_at(fd_, std::span(bytes_).subspan(old), next_));
    cipher_.apply(std::span(bytes_).subspan(old, got), next_);
    next_ += got;
    if (got == more && bytes_.size() >= wanted) return {};
    return error(Code::Io, "the temporary file of a sort ends early");
  }

  int fd_;
  const ScratchCipher& cipher_;
  std::uint64_t next_;
  std::uint64_t end_;
  Bytes bytes_;
  std::size_t at_ = 0;
  std::size_t size_ = 0;  // of the entry
  std::size_t key_bytes_ = 0;
};

std::string_view ExternalSort::key(const Entry& entry) const {
  return as_text(ByteView(buffer_).subspan(entry.at, entry.key_bytes));
}

ByteView ExternalSort::value(const Entry& entry) const {
  return ByteView(buffer_).subspan(entry.at + entry.key_bytes, entry.value_bytes);
}

Result<void> ExternalSort::add(std::string_view key, ByteView value) {
  const std::size_t more = key.size() + value.size() + sizeof(Entry);
  const std::size_t used = buffer_.size() + entries_.size() * sizeof(Entry);
  if (!entries_.empty() && used + more > memory_max_) TRY(spill());
  entries_.push_back({buffer_.size(), static_cast<std::uint32_t>(key.size()),
                      static_cast<std::uint32_t>(value.size())});
  append(buffer_, as_bytes(key));
  append(buffer_, value);
  return {};
}

void ExternalSort::sort_buffer() {
  std::ranges::sort(entries_, {}, [this](const Entry& entry) { return key(entry); });
}

Result<void> ExternalSort::open_file() {
  std::string path = folder_ + "/sort-XXXXXX";
  file_ = Fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!file_.is_open()) return errno_error(errno, "make a temporary file", path);
  if (::unlink(path.c_str()) != 0) return errno_error(errno, "remove", path);
  return {};
}

Result<void> ExternalSort::spill() {
  if (!file_.is_open()) TRY(open_file());
  sort_buffer();
  Bytes out;
  const std::uint64_t begin = file_bytes_;
  const auto flush = [&]() -> Result<void> {
    cipher_.apply(out, file_bytes_);
    TRY(write_all_at(file_.get(), out, file_bytes_).context("sorting in {}", folder_));
    file_bytes_ += out.size();
    out.clear();
    return {};
  };
  for (const Entry& entry : entries_) {
    std::byte head[kHeadBytes];
    store_le32(head, entry.key_bytes);
    store_le32(head + 4, entry.value_bytes);
    append(out, head);
    append(out, ByteView(buffer_).subspan(entry.at, entry.key_bytes + entry.value_bytes));
    if (out.size() >= kReadBytes) TRY(flush());
  }
  TRY(flush());
  parts_.push_back({begin, file_bytes_});
  buffer_.clear();
  entries_.clear();
  return {};
}

Result<void> ExternalSort::finish(const Each& each) {
  if (parts_.empty()) {
    sort_buffer();
    for (const Entry& entry : entries_) TRY(each(key(entry), value(entry)));
    return {};
  }
  if (!entries_.empty()) TRY(spill());
  buffer_ = {};
  std::vector<std::unique_ptr<PartReader>> heap;
  for (const Part& part : parts_) {
    auto reader = std::make_unique<PartReader>(file_.get(), cipher_, part);
    const bool is_there = TRY(reader->next());
    if (is_there) heap.push_back(std::move(reader));
  }
  const auto later = [](const auto& a, const auto& b) { return a->key() > b->key(); };
  std::ranges::make_heap(heap, later);
  while (!heap.empty()) {
    std::ranges::pop_heap(heap, later);
    TRY(each(heap.back()->key(), heap.back()->value()));
    const bool is_there = TRY(heap.back()->next());
    if (is_there) {
      std::ranges::push_heap(heap, later);
    } else {
      heap.pop_back();
    }
  }
  return {};
}

}  // namespace firebreak
