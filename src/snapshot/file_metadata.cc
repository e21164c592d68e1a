#include "snapshot/file_metadata.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <grp.h>
#include <linux/limits.h>
#include <pwd.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

namespace firebreak {
namespace {

// getpwuid_r and getgrgid_r want room whose size nobody knows; a group may have many members.
template <typename Record, typename Lookup>
std::string name_of(Lookup lookup, char* Record::*field) {
  std::vector<char> room(1024);
  Record record{};
  Record* found = nullptr;
  int problem = lookup(&record, room, &found);
  while (problem == ERANGE && room.size() < (1U << 24)) {
    room.resize(room.size() * 4);
    problem = lookup(&record, room, &found);
  }
  return problem == 0 && found != nullptr ? std::string(record.*field) : std::string();
}

NodeType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return NodeType::File;
    case S_IFDIR:
      return NodeType::Dir;
    case S_IFLNK:
      return NodeType::Symlink;
    case S_IFBLK:
      return NodeType::Device;
    case S_IFCHR:
      return NodeType::CharDevice;
    case S_IFIFO:
      return NodeType::Fifo;
    case S_IFSOCK:
      return NodeType::Socket;
    default:
      return NodeType::Irregular;
  }
}

bool means_no_attributes(int number) {
  return number == ENOTSUP || number == ENODATA;
}

// Reads through `list(buffer, size)` and `get(name, buffer, size)`, which are f- or l-flavoured.
template <typename List, typename Get>
Result<std::vector<ExtendedAttribute>> read_all(List list, Get get, const std::string& path) {
  std::vector<ExtendedAttribute> attributes;
  const ssize_t names_size = list(nullptr, 0);
  if (names_size == 0 || (names_size < 0 && means_no_attributes(errno))) return attributes;
  if (names_size < 0) return errno_error(errno, "listing extended attributes of", path);
  std::string names(static_cast<std::size_t>(names_size) + 1024, '\0');  // some may have come
  const ssize_t listed = list(names.data(), names.size());
  if (listed < 0) return errno_error(errno, "listing extended attributes of", path);
  names.resize(static_cast<std::size_t>(listed));
  for (std::size_t at = 0; at < names.size();) {
    ExtendedAttribute attribute;
    attribute.name = names.c_str() + at;
    at += attribute.name.size() + 1;
    attribute.value.resize(XATTR_SIZE_MAX);
    const ssize_t size =
        get(attribute.name.c_str(), attribute.value.data(), attribute.value.size());
    if (size < 0 && means_no_attributes(errno)) continue;  // it is gone again
    if (size < 0) return errno_error(errno, "reading an extended attribute of", path);
    attribute.value.resize(static_cast<std::size_t>(size));
    attribute.value.shrink_to_fit();
    attributes.push_back(std::move(attribute));
  }
  std::ranges::sort(attributes, {}, &ExtendedAttribute::name);
  return attributes;
}

bool is_forbidden_to_others(int number) {
  return (number == EPERM || number == EACCES) && geteuid() != 0;
}

timespec to_timespec(FileTime time) {
  return {time.seconds.time_since_epoch().count(), static_cast<long>(time.nanoseconds)};
}

// Attributes that the node does not have are removed: what is restored over something else must
// not keep its access rights. `list`, `set(name, value)` and `drop(name)` are f- or l-flavoured.
template <typename Set, typename Drop>
Result<void> write_attributes(const Node& node, const std::vector<ExtendedAttribute>& present,
                              Set set, Drop drop, const std::string& path) {
  for (const ExtendedAttribute& attribute : node.extended_attributes) {
    if (set(attribute) != 0 && !is_forbidden_to_others(errno)) {
      return errno_error(
          errno, fmt::format("setting extended attribute {} of", printable(attribute.name)), path);
    }
  }
  for (const ExtendedAttribute& attribute : present) {
    const bool wanted =
        std::ranges::find(node.extended_attributes, attribute.name, &ExtendedAttribute::name) !=
        node.extended_attributes.end();
    // Security labels belong to the system that the file is on now.
    if (wanted || attribute.name.starts_with("security.")) continue;
    if (drop(attribute.name.c_str()) != 0 && !means_no_attributes(errno) &&
        !is_forbidden_to_others(errno)) {
      return errno_error(errno, "removing an extended attribute of", path);
    }
  }
  return {};
}

}  // namespace

std::string OwnerNames::user(uid_t uid) {
  const MutexLock lock(mutex_);
  const auto [found, is_new] = users_.try_emplace(uid);
  if (is_new) {
    found->second = name_of<passwd>(
        [&](passwd* record, std::vector<char>& room, passwd** result) {
          return getpwuid_r(uid, record, room.data(), room.size(), result);
        },
        &passwd::pw_name);
  }
  return found->second;
}

std::string OwnerNames::group(gid_t gid) {
  const MutexLock lock(mutex_);
  const auto [found, is_new] = groups_.try_emplace(gid);
  if (is_new) {
    found->second = name_of<::group>(
        [&](::group* record, std::vector<char>& room, ::group** result) {
          return getgrgid_r(gid, record, room.data(), room.size(), result);
        },
        &::group::gr_name);
  }
  return found->second;
}

FileTime file_time(const timespec& time) {
  return {std::chrono::sys_seconds(std::chrono::seconds(time.tv_sec)),
          static_cast<std::uint32_t>(time.tv_nsec)};
}

Node node_from_stat(std::string name, const struct stat& status, bool with_access_time,
                    OwnerNames& owners) {
  Node node;
  node.name = std::move(name);
  node.type = type_of(status.st_mode);
  node.mode = go_mode(status.st_mode);
  node.modified = file_time(status.st_mtim);
  node.accessed = with_access_time ? file_time(status.st_atim) : node.modified;
  node.changed = file_time(status.st_ctim);
  node.uid = status.st_uid;
  node.gid = status.st_gid;
  node.user = owners.user(status.st_uid);
  node.group = owners.group(status.st_gid);
  node.inode = status.st_ino;
  if (node.type == NodeType::File) node.size = static_cast<std::uint64_t>(status.st_size);
  const bool is_device = node.type == NodeType::Device || node.type == NodeType::CharDevice;
  if (is_device) node.device = status.st_rdev;
  if (node.type == NodeType::File || node.type == NodeType::Symlink || is_device) {
    node.links = status.st_nlink;
    // The file system's number changes from one start of the machine to the next: it is written
    // where it tells hard links apart, and nowhere else.
    if (node.links > 1) node.device_id = status.st_dev;
  }
  return node;
}

Result<std::vector<ExtendedAttribute>> read_attributes(int fd, const std::string& path) {
  return read_all(
      [&](char* to, std::size_t size) { return flistxattr(fd, to, size); },
      [&](const char* name, void* to, std::size_t size) { return fgetxattr(fd, name, to, size); },
      path);
}

Result<std::vector<ExtendedAttribute>> read_attributes_at(int folder_fd, const std::string& name,
                                                          const std::string& path) {
  // There are no calls relative to a folder, but /proc has a path for every descriptor.
  const std::string entry =
      folder_fd == AT_FDCWD ? name : fmt::format("/proc/self/fd/{}/{}", folder_fd, name);
  return read_all([&](char* to, std::size_t size) { return llistxattr(entry.c_str(), to, size); },
                  [&](const char* key, void* to, std::size_t size) {
                    return lgetxattr(entry.c_str(), key, to, size);
                  },
                  path);
}

Result<void> write_metadata(int fd, const Node& node, const std::string& path) {
  if (fchown(fd, node.uid, node.gid) != 0 && !is_forbidden_to_others(errno)) {
    return errno_error(errno, "setting the owner of", path);
  }
  const std::vector<ExtendedAttribute> present = TRY(read_attributes(fd, path));
  TRY(write_attributes(
      node, present,
      [&](const ExtendedAttribute& one) {
        return fsetxattr(fd, one.name.c_str(), one.value.data(), one.value.size(), 0);
      },
      [&](const char* name) { return fremovexattr(fd, name); }, path));
  if (fchmod(fd, stat_mode(node.mode) & 07777) != 0) {
    return errno_error(errno, "setting the mode of", path);
  }
  const timespec times[2] = {to_timespec(node.accessed), to_timespec(node.modified)};
  if (futimens(fd, times) != 0) return errno_error(errno, "setting the times of", path);
  return {};
}

Result<void> write_metadata_at(int folder_fd, const std::string& name, const Node& node,
                               const std::string& path) {
  if (fchownat(folder_fd, name.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) != 0 &&
      !is_forbidden_to_others(errno)) {
    return errno_error(errno, "setting the owner of", path);
  }
  const std::string entry = fmt::format("/proc/self/fd/{}/{}", folder_fd, name);
  TRY(write_attributes(
      node, {},
      [&](const ExtendedAttribute& one) {
        return lsetxattr(entry.c_str(), one.name.c_str(), one.value.data(), one.value.size(), 0);
      },
      [](const char*) { return 0; }, path));
  // A link has no mode of its own.
  if (node.type != NodeType::Symlink &&
      fchmodat(folder_fd, name.c_str(), stat_mode(node.mode) & 07777, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno_error(errno, "setting the mode of", path);
  }
  const timespec times[2] = {to_timespec(node.accessed), to_timespec(node.modified)};
  if (utimensat(folder_fd, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno_error(errno, "setting the times of", path);
  }
  return {};
}

Result<std::string> read_link(int folder_fd, const std::string& name, const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = readlinkat(folder_fd, name.c_str(), target.data(), target.size());
  if (size < 0) return errno_error(errno, "reading link", path);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

}  // namespace firebreak
