#include "base/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/random.h"
#include "base/text.h"

namespace firebreak {
namespace {

Code code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return Code::NotFound;
    case EEXIST:
      return Code::Conflict;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::Denied;
    case ENOSPC:
    case EDQUOT:
      return Code::Exhausted;
    default:
      return Code::Io;
  }
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Calls `step(done)` until it has moved `size` bytes or reports the end by 0.
template <typename Step>
Result<std::size_t> move_bytes(std::size_t size, std::string_view doing, Step step) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t moved = step(done);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return errno_error(errno, doing, "");
    if (moved == 0) break;
    done += static_cast<std::size_t>(moved);
  }
  return done;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Fd::release() {
  return std::exchange(fd_, -1);
}

Result<void> Fd::close() {
  const int fd = release();
  if (fd < 0 || ::close(fd) == 0 || errno == EINTR) return {};
  return errno_error(errno, "close", "");
}

Error errno_error(int number, std::string_view doing, std::string_view path) {
  const std::string reason = std::strerror(number);  // NOLINT: glibc's is thread-safe
  if (path.empty()) return error(code_of(number), "{}: {}", doing, reason);
  return error(code_of(number), "{} {}: {}", doing, printable(path), reason);
}

Result<std::size_t> read_up_to(int fd, std::span<std::byte> into) {
  return move_bytes(into.size(), "read", [&](std::size_t done) {
    return ::read(fd, into.data() + done, into.size() - done);
  });
}

Result<std::size_t> read_up_to(int fd, std::span<std::byte> into, const std::stop_token& stop) {
  constexpr int kAskEveryMilliseconds = 100;
  std::size_t done = 0;
  while (done < into.size()) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, kAskEveryMilliseconds);
    if (ready < 0 && errno != EINTR) return errno_error(errno, "wait for", "");
    if (ready <= 0) continue;
    const ssize_t got = ::read(fd, into.data() + done, into.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(errno, "read", "");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<std::size_t> read_up_to_at(int fd, std::span<std::byte> into, std::uint64_t offset) {
  return move_bytes(into.size(), "read", [&](std::size_t done) {
    return ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
  });
}

Result<void> write_all(int fd, ByteView bytes) {
  const std::size_t done = TRY(move_bytes(bytes.size(), "write", [&](std::size_t at) {
    return ::write(fd, bytes.data() + at, bytes.size() - at);
  }));
  if (done != bytes.size()) return error(Code::Io, "write: the file takes no more bytes");
  return {};
}

Result<void> write_all_at(int fd, ByteView bytes, std::uint64_t offset) {
  const std::size_t done = TRY(move_bytes(bytes.size(), "write", [&](std::size_t at) {
    return ::pwrite(fd, bytes.data() + at, bytes.size() - at, static_cast<off_t>(offset + at));
  }));
  if (done != bytes.size()) return error(Code::Io, "write: the file takes no more bytes");
  return {};
}

Result<Bytes> read_file(const std::string& path, std::size_t size_max) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return errno_error(errno, "open", path);
  Bytes bytes;
  constexpr std::size_t kStep = 64 * 1024;
  while (true) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kStep);
    const std::size_t got =
        TRY(read_up_to(fd.get(), std::span(bytes).subspan(before)).context("{}", printable(path)));
    bytes.resize(before + got);
    if (bytes.size() > size_max) {
      return error(Code::Exhausted, "{} is larger than {} bytes", printable(path), size_max);
    }
    if (got < kStep) return bytes;
  }
}

Result<void> write_file(const std::string& path, ByteView bytes, mode_t mode) {
  std::byte nonce[8];
  fill_secret(nonce);
  const std::string temporary = path + ".tmp-" + to_hex(nonce);
  Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd.is_open()) return errno_error(errno, "create", temporary);
  Result<void> written = write_all(fd.get(), bytes);
  if (written.ok() && ::fsync(fd.get()) != 0) written = errno_error(errno, "fsync", temporary);
  if (written.ok()) written = fd.close();
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = errno_error(errno, "rename to", path);
  }
  if (!written.ok()) {
    ::unlink(temporary.c_str());
    return std::move(written).context("write {}", printable(path));
  }
  return sync_folder(folder_of(path));
}

Result<void> make_folders(const std::string& path, mode_t mode) {
  if (path.empty() || path == "/" || path == ".") return {};
  if (::mkdir(path.c_str(), mode) == 0) return sync_folder(folder_of(path));
  if (errno == EEXIST) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    return error(Code::Conflict, "{} exists and is no folder", printable(path));
  }
  if (errno != ENOENT) return errno_error(errno, "make folder", path);
  TRY(make_folders(folder_of(path), mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return errno_error(errno, "make folder", path);
  }
  return sync_folder(folder_of(path));
}

Result<void> sync_folder(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return errno_error(errno, "open folder", path);
  // EINVAL: this file system cannot sync folders; then nobody can.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return errno_error(errno, "fsync folder", path);
  return {};
}

}  // namespace firebreak
