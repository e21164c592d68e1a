// A file whose content comes in pieces, from several threads: under a temporary name until it is
// whole. It is opened anew for each piece, because a batch holds more files than a process may have
// open, and every time it must be the very file that was made. Thread-safe.
#pragma once

#include "base/mutex.h"
#include "snapshot/placing.h"

namespace firebreak {

class PartialFile {
 public:
  struct Opened {
    Fd fd;      // for writing
    Fd folder;  // where it was looked up
  };

  // Makes nothing yet.
  PartialFile(const TargetFolder& target, Placing placing)
      : target_(target), placing_(std::move(placing)) {}

  const std::string& below() const { return placing_.below; }  // what its final path will be

  // Makes the file the first time. Conflict where somebody else put another in its place.
  Result<Opened> open();
  bool is_made() const;
  // Whether this is its temporary path.
  bool lies_at(const std::string& path) const;

  // Closes it, which may show a lost write, and ends with the file under a name that stays.
  Result<void> give_final_name(Opened opened);
  // A name that says so. Ends with the path below the target.
  Result<std::string> give_damaged_name(Opened opened, bool replaces);
  // Removes it under its temporary name, where it is still what was made.
  void discard();

 private:
  Result<Opened> make() REQUIRES(mutex_);
  Result<Opened> reopen() const REQUIRES(mutex_);
  Result<void> rename_to(const Placing& placing, Opened opened);
  bool is_this(const struct stat& status) const REQUIRES(mutex_) {
    return status.st_dev == device_ && status.st_ino == inode_;
  }
  std::string sibling(const std::string& name) const;

  const TargetFolder& target_;
  const Placing placing_;
  mutable Mutex mutex_;
  std::string temporary_ GUARDED_BY(mutex_);  // its name in the folder, while it has one
  dev_t device_ GUARDED_BY(mutex_) = 0;       // and inode: which file was made
  ino_t inode_ GUARDED_BY(mutex_) = 0;
};

}  // namespace firebreak
