// Preloaded into a program: counts every call that changes a file below FIREBREAK_CRASH_ROOT, over
// all threads, and
//  - kills the program before the call of number FIREBREAK_CRASH_AT, as kill -9 does; or
//  - writes each call with its data to FIREBREAK_CRASH_LOG, a line each, fields apart by tabs:
//    what is written to standard output is logged too, since that is what the program promised; or
//  - refuses links, as file systems without them do, where FIREBREAK_CRASH_NO_LINKS is set.
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr int kDescriptors = 1024;

std::recursive_mutex calls;  // what happens first is logged first
std::array<std::string, kDescriptors>& paths() {
  static std::array<std::string, kDescriptors> of_descriptors;
  return of_descriptors;
}

std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_watched(const std::string& path) {
  static const std::string root = setting("FIREBREAK_CRASH_ROOT");
  return !root.empty() && path.starts_with(root + "/");
}

std::string path_of(int fd) {
  return fd >= 0 && fd < kDescriptors ? paths()[static_cast<std::size_t>(fd)] : "";
}

void count() {
  static const long at = std::atol(setting("FIREBREAK_CRASH_AT").c_str());
  static long counted = 0;
  if (++counted == at) {
    ::kill(::getpid(), SIGKILL);
    while (true) ::pause();
  }
}

void log(const std::string& line) {
  static const int fd = [] {
    const std::string path = setting("FIREBREAK_CRASH_LOG");
    if (path.empty()) return -1;
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(),
                                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }();
  if (fd < 0) return;
  const std::string whole = line + "\n";
  if (::syscall(SYS_write, fd, whole.data(), whole.size()) < 0) std::abort();
}

std::string hex(const void* data, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned char byte = static_cast<const unsigned char*>(data)[i];
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int opened(const char* function, const char* path, int flags, mode_t mode) {
  const std::lock_guard lock(calls);
  const bool creates = is_watched(path) && (flags & O_CREAT) != 0;
  if (creates) count();
  const int fd = real<int(const char*, int, ...)>(function)(path, flags, mode);
  if (fd >= 0 && fd < kDescriptors) {
    paths()[static_cast<std::size_t>(fd)] = is_watched(path) ? path : "";
  }
  if (creates && fd >= 0) log(std::string("create\t") + path);
  return fd;
}

mode_t mode_of(int flags, std::va_list arguments) {
  return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, unsigned)) : 0;
}

// A call on a path or two: counted, done, logged when it went well.
template <typename Call>
int changed(const std::string& line, const std::string& path, Call call) {
  const std::lock_guard lock(calls);
  if (!is_watched(path)) return call();
  count();
  const int result = call();
  if (result == 0) log(line);
  return result;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened("open64", path, flags, mode);
}

ssize_t write(int fd, const void* data, size_t size) {
  const std::lock_guard lock(calls);
  const std::string path = path_of(fd);
  if (!path.empty()) count();
  const ssize_t written = real<ssize_t(int, const void*, size_t)>("write")(fd, data, size);
  if (written > 0 && fd == STDOUT_FILENO) {
    log("promise\t" + hex(data, static_cast<std::size_t>(written)));
  } else if (written > 0 && !path.empty()) {
    log("write\t" + path + "\t" + hex(data, static_cast<std::size_t>(written)));
  }
  return written;
}

int fsync(int fd) {
  const std::string path = path_of(fd);
  return changed("fsync\t" + path, path, [&] { return real<int(int)>("fsync")(fd); });
}

int fdatasync(int fd) {
  const std::string path = path_of(fd);
  return changed("fsync\t" + path, path, [&] { return real<int(int)>("fdatasync")(fd); });
}

int link(const char* from, const char* to) {
  if (is_watched(to) && !setting("FIREBREAK_CRASH_NO_LINKS").empty()) {
    errno = EPERM;
    return -1;
  }
  return changed(std::string("link\t") + from + "\t" + to, to,
                 [&] { return real<int(const char*, const char*)>("link")(from, to); });
}

int rename(const char* from, const char* to) {
  return changed(std::string("rename\t") + from + "\t" + to, to,
                 [&] { return real<int(const char*, const char*)>("rename")(from, to); });
}

int unlink(const char* path) {
  return changed(std::string("unlink\t") + path, path,
                 [&] { return real<int(const char*)>("unlink")(path); });
}

int mkdir(const char* path, mode_t mode) {
  return changed(std::string("mkdir\t") + path, path,
                 [&] { return real<int(const char*, mode_t)>("mkdir")(path, mode); });
}

int close(int fd) {
  const std::lock_guard lock(calls);
  if (fd >= 0 && fd < kDescriptors) paths()[static_cast<std::size_t>(fd)].clear();
  return real<int(int)>("close")(fd);
}
}
