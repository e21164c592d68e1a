// What the file system says about a file, as a node. Reading here, writing in restore.
#pragma once

#include <string>
#include <sys/stat.h>
#include <unordered_map>

#include "base/mutex.h"
#include "snapshot/node.h"

namespace firebreak {

// The names of user and group ids, asked of the system once each. Thread-safe.
class OwnerNames {
 public:
  // Empty where the id has no name.
  std::string user(uid_t uid);
  std::string group(gid_t gid);

 private:
  Mutex mutex_;
  std::unordered_map<uid_t, std::string> users_ GUARDED_BY(mutex_);
  std::unordered_map<gid_t, std::string> groups_ GUARDED_BY(mutex_);
};

// Everything that a stat tells; no link target, attributes or content. The time of last access is
// taken only on demand: it would make every backup's trees new.
Node node_from_stat(std::string name, const struct stat& status, bool with_access_time,
                    OwnerNames& owners);

FileTime file_time(const timespec& time);

// Of an open file or folder. Sorted by name. A file system without attributes has none.
Result<std::vector<ExtendedAttribute>> read_attributes(int fd, const std::string& path);

// Of an entry that cannot be opened (a link, a device), inside the folder `folder_fd`.
Result<std::vector<ExtendedAttribute>> read_attributes_at(int folder_fd, const std::string& name,
                                                          const std::string& path);

// Sets owner, attributes, mode and times of an open file or folder, in this order: a new owner
// clears set-id bits and capabilities. What only root may do is left undone for others, as cp does.
Result<void> write_metadata(int fd, const Node& node, const std::string& path);
// The same for an entry that cannot be opened.
Result<void> write_metadata_at(int folder_fd, const std::string& name, const Node& node,
                               const std::string& path);

Result<std::string> read_link(int folder_fd, const std::string& name, const std::string& path);

}  // namespace firebreak
