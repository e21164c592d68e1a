// File descriptors that close themselves, and errno as an Error.
#pragma once

#include <stop_token>
#include <string>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// The owner of a file descriptor, or of none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release();
  // Reports what the kernel says on close: on some file systems the only place where a lost
  // write shows.
  Result<void> close();

 private:
  int fd_ = -1;
};

// `number` is an errno. ENOSPC and EDQUOT are Exhausted, ENOENT NotFound, EEXIST Conflict,
// EACCES, EPERM and EROFS Denied, everything else Io.
Error errno_error(int number, std::string_view doing, std::string_view path);

// Loops over short reads and writes and EINTR.
Result<std::size_t> read_up_to(int fd, std::span<std::byte> into);  // less only at the end
// The same from what may be a pipe that gives nothing for long: Canceled within 0.1 s of a stop.
Result<std::size_t> read_up_to(int fd, std::span<std::byte> into, const std::stop_token& stop);
Result<std::size_t> read_up_to_at(int fd, std::span<std::byte> into, std::uint64_t offset);
Result<void> write_all(int fd, ByteView bytes);
Result<void> write_all_at(int fd, ByteView bytes, std::uint64_t offset);

// A whole small file; Exhausted above `size_max`, so that a wrong path cannot fill the memory.
Result<Bytes> read_file(const std::string& path, std::size_t size_max);

// Makes a new version of a file appear at once or not at all: temporary name, fsync, rename,
// fsync of the folder. Replaces what is there.
Result<void> write_file(const std::string& path, ByteView bytes, mode_t mode = 0600);

// Makes a folder and those above it; one that exists is fine.
Result<void> make_folders(const std::string& path, mode_t mode = 0700);

// Makes names created, renamed or removed in a folder survive a power loss.
Result<void> sync_folder(const std::string& path);

}  // namespace firebreak
