#include "model/source_tree.h"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/sha256.h"
#include "repository/chunker.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kEntriesMax = 24;
constexpr std::uint64_t kLarge = 2 * kChunkSizeMin;

const std::vector<std::string>& odd_names() {
  static const std::vector<std::string> names = {"a",
                                                 "b",
                                                 "c",
                                                 "-n",
                                                 ".hidden",
                                                 " ",
                                                 "a b",
                                                 "<&>",
                                                 "\"\\",
                                                 "odd \xff",
                                                 "line\nbreak",
                                                 "\x1b[31mred",
                                                 "\xc3\xbc",
                                                 "u\xcc\x88",
                                                 "\xe2\x80\xa8",
                                                 "\x7f",
                                                 "...",
                                                 "tab\t",
                                                 std::string(255, 'x')};
  return names;
}

// Sizes at which something begins or ends: blobs, the packs of 4096 bytes that some backups ask
// for (a blob takes 32 bytes more there), chunks.
const std::vector<std::uint64_t>& small_sizes() {
  static const std::vector<std::uint64_t> sizes = {
      0, 1, 2, 31, 32, 33, 567, 568, 569, 1000, 4063, 4064, 4065, 4095, 4096, 4097, 70'000};
  return sizes;
}
const std::vector<std::uint64_t>& chunk_sizes() {
  static const std::vector<std::uint64_t> sizes = {
      kChunkSizeMin - 1, kChunkSizeMin,     kChunkSizeMin + 1,    kChunkSizeMax - 1,
      kChunkSizeMax,     kChunkSizeMax + 1, 2 * kChunkSizeMax + 1};
  return sizes;
}

// Noise, zeros or something in between, by the seed.
Bytes bytes_of(std::uint64_t seed, std::uint64_t size) {
  Bytes bytes(size);
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  Random random(seed);
  if (seed % 4 == 1) random.fill(std::span(bytes).first(size / 2));
  if (seed % 4 >= 2) random.fill(bytes);
  return bytes;
}

WallTime time_of(const timespec& time) {
  return WallTime(std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec));
}

struct stat status_of(const std::string& path) {
  struct stat status {};
  CHECK(lstat(path.c_str(), &status) == 0);
  return status;
}

}  // namespace

std::string digest_of(ByteView bytes) {
  return to_hex(sha256(bytes));
}

SourceTree::SourceTree(std::string root) : root_(std::move(root)) {
  fs::create_directories(root_);
}

Paths SourceTree::paths() const {
  Paths paths;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> inodes;
  for (const auto& [path, file] : entries_) {
    paths[path] = file->value;
    const auto address = reinterpret_cast<std::uintptr_t>(file.get());
    if (file->value.kind == 'f') inodes[path] = {0, address};
  }
  name_links(paths, inodes);
  return paths;
}

std::string SourceTree::new_path(Random& random) const {
  const std::string folder = random.below(2) == 0 ? any_of(random, 'd') : "";
  const std::string& name = odd_names()[random.below(odd_names().size())];
  return folder.empty() ? name : folder + "/" + name;
}

std::string SourceTree::any_of(Random& random, char kind) const {
  std::vector<std::string> found;
  for (const auto& [path, file] : entries_) {
    if (file->value.kind == kind || kind == '*') found.push_back(path);
  }
  return found.empty() ? "" : found[random.below(found.size())];
}

std::uint64_t SourceTree::some_size(Random& random) const {
  std::uint64_t large = 0;
  for (const auto& [path, file] : entries_) large += file->value.size >= kLarge ? 1U : 0U;
  if (random.below(25) != 0) return small_sizes()[random.below(small_sizes().size())];
  return chunk_sizes()[random.below(large >= 1 ? 3 : chunk_sizes().size())];
}

void SourceTree::stamp(const std::string& path, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const timespec one{seconds.time_since_epoch().count(), (time - seconds).count()};
  const timespec times[2] = {one, one};
  CHECK(utimensat(AT_FDCWD, full(path).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
  entries_.at(path)->value.modified = time;
}

void SourceTree::write(const std::string& path, std::uint64_t seed, std::uint64_t size,
                       bool in_place) {
  const Bytes bytes = bytes_of(seed, size);
  if (!in_place) {
    fs::remove_all(full(path));
    const unsigned mode = entries_.contains(path) ? entries_.at(path)->value.mode : 0640;
    entries_[path] = std::make_shared<File>();
    entries_[path]->value.mode = mode;
  }
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const Fd fd(open(full(path).c_str(), flags, 0600));
  CHECK(fd.is_open());
  CHECK(write_all(fd.get(), bytes).ok());
  File& file = *entries_.at(path);
  CHECK(fchmod(fd.get(), file.value.mode) == 0);
  file.seed = seed;
  file.value.size = size;
  file.value.content = digest_of(bytes);
}

void SourceTree::create(Random& random) {
  const std::string path = new_path(random);
  if (entries_.size() >= kEntriesMax || entries_.contains(path)) return rewrite(random);
  // Few seeds, so that content repeats within a backup and between them.
  write(path, random.below(12), some_size(random), false);
  stamp(path, next_time_ += Nanoseconds(1'000'001));
}

void SourceTree::rewrite(Random& random) {
  const std::string path = any_of(random, 'f');
  if (path.empty()) return;
  const File& file = *entries_.at(path);
  const std::uint64_t size = file.value.size;
  const bool in_place = random.below(2) == 0;
  switch (random.below(4)) {
    case 0:
      write(path, file.seed, size + 1, in_place);
      break;
    case 1:
      write(path, file.seed, size == 0 ? 0 : size - 1, in_place);
      break;
    case 2:
      write(path, random.below(12), size, in_place);
      break;
    default:
      write(path, random.below(12), some_size(random), in_place);
  }
  stamp(path, next_time_ += Nanoseconds(1'000'001));
}

// Other bytes of the same size at the same time: only the inode or its time of change tells.
void SourceTree::rewrite_unseen(Random& random) {
  const std::string path = any_of(random, 'f');
  if (path.empty()) return;
  const WallTime time = entries_.at(path)->value.modified;
  const struct stat before = status_of(full(path));
  const std::uint64_t seed = entries_.at(path)->seed + 1;
  const bool in_place = random.below(2) == 0;
  while (true) {
    write(path, seed, entries_.at(path)->value.size, in_place);
    stamp(path, time);
    // The kernel's clock ticks some hundred times a second.
    if (time_of(status_of(full(path)).st_ctim) != time_of(before.st_ctim)) return;
  }
}

void SourceTree::make_other(Random& random) {
  const std::string path = new_path(random);
  if (entries_.size() >= kEntriesMax || entries_.contains(path)) return;
  const std::string file = any_of(random, 'f');
  const auto made = std::make_shared<File>();
  switch (random.below(4)) {
    case 0:
      made->value.kind = 'l';
      made->value.content = odd_names()[random.below(odd_names().size())];
      CHECK(symlink(made->value.content.c_str(), full(path).c_str()) == 0);
      break;
    case 1:
      if (file.empty()) return;
      CHECK(link(full(file).c_str(), full(path).c_str()) == 0);
      entries_[path] = entries_.at(file);
      return;
    case 2:
      made->value.kind = 'p';
      made->value.mode = 0620;
      CHECK(mkfifo(full(path).c_str(), 0600) == 0);
      CHECK(chmod(full(path).c_str(), 0620) == 0);
      break;
    default:
      made->value.kind = 'd';
      made->value.mode = 0750;
      CHECK(mkdir(full(path).c_str(), 0700) == 0);
      CHECK(chmod(full(path).c_str(), 0750) == 0);
  }
  entries_[path] = made;
}

void SourceTree::move(Random& random) {
  const std::string from = any_of(random, '*');
  const std::string to = new_path(random);
  if (from.empty() || entries_.contains(to) || to.starts_with(from + "/")) return;
  CHECK(rename(full(from).c_str(), full(to).c_str()) == 0);
  std::map<std::string, FilePtr> moved;
  for (const auto& [path, file] : entries_) {
    const bool is_moved = path == from || path.starts_with(from + "/");
    moved[is_moved ? to + path.substr(from.size()) : path] = file;
  }
  entries_ = std::move(moved);
}

void SourceTree::remove(const std::string& path) {
  fs::remove_all(full(path));
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.first == path || entry.first.starts_with(path + "/");
  });
}

void SourceTree::mutate(Random& random) {
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return create(random);
    case 4:
    case 5:
      return rewrite(random);
    case 6:
      return rewrite_unseen(random);
    case 7:
    case 8:
      return make_other(random);
    case 9:
      return move(random);
    case 10: {
      const std::string path = any_of(random, '*');
      return path.empty() ? void() : remove(path);
    }
    default: {
      const std::string path = any_of(random, random.below(2) == 0 ? 'f' : 'd');
      if (path.empty()) return;
      const unsigned mode = 0700 + static_cast<unsigned>(random.below(64));
      CHECK(chmod(full(path).c_str(), mode) == 0);
      entries_.at(path)->value.mode = mode;
    }
  }
}

std::vector<std::string> SourceTree::disturb(Random& random) {
  const std::string path = any_of(random, 'f');
  if (path.empty()) return {};
  std::vector<std::string> names;
  for (const auto& [name, file] : entries_) {
    if (file == entries_.at(path)) names.push_back(name);
  }
  if (random.below(3) == 0) {
    remove(path);
  } else {
    const std::uint64_t size = entries_.at(path)->value.size;
    write(path, random.below(12), random.below(2) == 0 ? size + 1 : some_size(random),
          random.below(2) == 0);
    stamp(path, next_time_ += Nanoseconds(1'000'001));
  }
  return names;
}

Paths read_folder(const std::string& root) {
  Paths paths;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> inodes;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string full = entry.path().string();
    const std::string path = full.substr(root.size() + 1);
    const struct stat status = status_of(full);
    Value& value = paths[path];
    if (S_ISREG(status.st_mode)) {
      const Result<Bytes> bytes = read_file(full, 1U << 30U);
      CHECK(bytes.ok());
      value.size = static_cast<std::uint64_t>(status.st_size);
      value.content = digest_of(*bytes);
      value.modified = time_of(status.st_mtim);
      inodes[path] = {status.st_dev, status.st_ino};
    } else if (S_ISLNK(status.st_mode)) {
      value.kind = 'l';
      value.content = fs::read_symlink(full).string();
    } else {
      value.kind = S_ISDIR(status.st_mode) ? 'd' : 'p';
    }
    if (value.kind != 'l') value.mode = status.st_mode & 07777;
  }
  name_links(paths, inodes);
  return paths;
}

}  // namespace firebreak
