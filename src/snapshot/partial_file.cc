#include "snapshot/partial_file.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace firebreak {
namespace {

Error replaced() {
  return error(Code::Conflict, "somebody else put another file in its place");
}

}  // namespace

Result<PartialFile::Opened> PartialFile::open() {
  const MutexLock lock(mutex_);
  return temporary_.empty() ? make() : reopen();
}

Result<PartialFile::Opened> PartialFile::make() {
  Opened opened;
  opened.folder = TRY(target_.open_parent(below()));
  const int folder = opened.folder.get();
  // A single name that must not exist: the kernel follows nothing.
  std::string name = TRY(make_temporary(target_, folder, placing_, [&](const std::string& tried) {
    opened.fd = Fd(
        openat(folder, tried.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return opened.fd.is_open();
  }));
  struct stat status {};
  if (fstat(opened.fd.get(), &status) != 0) {
    return errno_error(errno, "reading", target_.path_of(below()));
  }
  temporary_ = std::move(name);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return opened;
}

Result<PartialFile::Opened> PartialFile::reopen() const {
  Opened opened;
  // Whoever else may write to the target may have put a pipe there, or a link to a file elsewhere.
  opened.fd = TRY(target_.open_below(sibling(temporary_), O_WRONLY | O_NONBLOCK));
  struct stat status {};
  if (fstat(opened.fd.get(), &status) != 0) {
    return errno_error(errno, "reading", target_.path_of(below()));
  }
  if (!is_this(status)) return replaced();
  return opened;
}

bool PartialFile::is_made() const {
  const MutexLock lock(mutex_);
  return !temporary_.empty();
}

bool PartialFile::lies_at(const std::string& path) const {
  const MutexLock lock(mutex_);
  return !temporary_.empty() && sibling(temporary_) == path;
}

Result<void> PartialFile::give_final_name(Opened opened) {
  return rename_to(placing_, std::move(opened));
}

Result<std::string> PartialFile::give_damaged_name(Opened opened, bool replaces) {
  Placing damaged = placing_;
  damaged.below = sibling(damaged_name(last_component(below()), placing_.taken));
  damaged.replaces = replaces;
  TRY(rename_to(damaged, std::move(opened)));
  return damaged.below;
}

Result<void> PartialFile::rename_to(const Placing& placing, Opened opened) {
  TRY(opened.fd.close().context("writing"));
  if (!opened.folder.is_open()) opened.folder = TRY(target_.open_parent(below()));
  const MutexLock lock(mutex_);
  struct stat status {};
  const int looked = fstatat(opened.folder.get(), temporary_.c_str(), &status, AT_SYMLINK_NOFOLLOW);
  if (looked != 0 || !is_this(status)) return replaced();
  TRY(firebreak::give_final_name(target_, opened.folder.get(), temporary_, placing));
  temporary_.clear();
  return {};
}

void PartialFile::discard() {
  const MutexLock lock(mutex_);
  if (temporary_.empty()) return;
  const Result<Fd> folder = target_.open_parent(below());
  struct stat status {};
  if (folder.ok() &&
      fstatat(folder->get(), temporary_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      is_this(status)) {
    unlinkat(folder->get(), temporary_.c_str(), 0);
  }
  temporary_.clear();
}

// The path of another entry in its folder.
std::string PartialFile::sibling(const std::string& name) const {
  return below().substr(0, below().rfind('/') + 1) + name;
}

}  // namespace firebreak
