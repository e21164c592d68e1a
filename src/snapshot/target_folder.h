// The folder that a restore may write to. Every call names an entry below it by a relative path,
// and the kernel resolves that path without following a single symbolic link, so neither a hostile
// snapshot nor what lies in the folder already can make anything happen outside.
#pragma once

#include <string>
#include <sys/stat.h>
#include <vector>

#include "base/file.h"

namespace firebreak {

class TargetFolder {
 public:
  // The path itself is the user's word and may lead through links.
  static Result<TargetFolder> make(const std::string& path);
  // Without making it: in a folder that does not exist, nothing is found.
  static Result<TargetFolder> look(const std::string& path);

  const std::string& path() const { return path_; }
  // For messages.
  std::string path_of(const std::string& below) const;

  // Opens what exists, or makes it with O_CREAT. A path through or to a symbolic link is refused
  // (Io), except for O_PATH | O_NOFOLLOW to the link itself. "" is the folder.
  Result<Fd> open_below(const std::string& below, int flags, mode_t mode = 0) const;
  // The folder that holds the entry.
  Result<Fd> open_parent(const std::string& below) const;

  // NotFound where there is nothing. Links are not followed.
  Result<struct stat> stat_below(const std::string& below) const;
  // Names in a folder, sorted.
  Result<std::vector<std::string>> list(const std::string& below) const;
  // With everything inside it.
  Result<void> remove(const std::string& below) const;

 private:
  TargetFolder(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  Fd fd_;
};

// The part after the last slash.
std::string last_component(const std::string& below);

// The names in an open folder but "." and "..", sorted by their bytes.
Result<std::vector<std::string>> list_names(int fd, const std::string& path);

}  // namespace firebreak
