#include "snapshot/target_folder.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace firebreak {
namespace {

// Below PATH_MAX with room for the last component; longer paths are walked in parts.
constexpr std::size_t kPathPartMax = 3800;

int open_beneath(int folder, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  while (true) {
    const long fd = syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    // EAGAIN: something was renamed while the kernel looked.
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
}

}  // namespace

std::string last_component(const std::string& below) {
  return below.substr(below.rfind('/') + 1);
}

Result<std::vector<std::string>> list_names(int fd, const std::string& path) {
  const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return errno_error(errno, "opening", path);
  DIR* const listing = fdopendir(copy);
  if (listing == nullptr) {
    const int problem = errno;
    close(copy);
    return errno_error(problem, "listing", path);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int problem = errno;
  closedir(listing);
  if (problem != 0) return errno_error(problem, "listing", path);
  std::ranges::sort(names);
  return names;
}

Result<TargetFolder> TargetFolder::make(const std::string& path) {
  TRY(make_folders(path));
  return look(path);
}

Result<TargetFolder> TargetFolder::look(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() && errno != ENOENT) return errno_error(errno, "opening", path);
  return TargetFolder(path, std::move(fd));
}

std::string TargetFolder::path_of(const std::string& below) const {
  if (below.empty()) return path_;
  return path_.ends_with('/') ? path_ + below : path_ + "/" + below;
}

Result<Fd> TargetFolder::open_below(const std::string& below, int flags, mode_t mode) const {
  if (!fd_.is_open()) return errno_error(ENOENT, "opening", path_of(below));
  std::string_view rest = below.empty() ? "." : std::string_view(below);
  Fd folder;
  int from = fd_.get();
  while (rest.size() > kPathPartMax) {
    const std::size_t cut = rest.rfind('/', kPathPartMax);
    if (cut == std::string_view::npos) return errno_error(ENAMETOOLONG, "opening", path_of(below));
    Fd next(open_beneath(from, std::string(rest.substr(0, cut)), O_PATH | O_DIRECTORY, 0));
    if (!next.is_open()) return errno_error(errno, "opening", path_of(below));
    folder = std::move(next);
    from = folder.get();
    rest.remove_prefix(cut + 1);
  }
  Fd fd(open_beneath(from, std::string(rest), flags, mode));
  if (!fd.is_open()) {
    return errno_error(errno, (flags & O_CREAT) != 0 ? "making" : "opening", path_of(below));
  }
  return fd;
}

Result<Fd> TargetFolder::open_parent(const std::string& below) const {
  const std::size_t slash = below.rfind('/');
  return open_below(slash == std::string::npos ? "" : below.substr(0, slash), O_PATH | O_DIRECTORY);
}

Result<struct stat> TargetFolder::stat_below(const std::string& below) const {
  const Fd parent = TRY(open_parent(below));
  struct stat status {};
  const std::string name = below.empty() ? "." : last_component(below);
  if (fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno_error(errno, "reading", path_of(below));
  }
  return status;
}

Result<std::vector<std::string>> TargetFolder::list(const std::string& below) const {
  const Fd folder = TRY(open_below(below, O_RDONLY | O_DIRECTORY));
  return list_names(folder.get(), path_of(below));
}

Result<void> TargetFolder::remove(const std::string& below) const {
  const Fd parent = TRY(open_parent(below));
  const std::string name = last_component(below);
  if (unlinkat(parent.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return errno_error(errno, "removing", path_of(below));
  const std::vector<std::string> inside = TRY(list(below));
  for (const std::string& entry : inside) TRY(remove(fmt::format("{}/{}", below, entry)));
  if (unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
  return errno_error(errno, "removing", path_of(below));
}

}  // namespace firebreak
