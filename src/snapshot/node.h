// One entry of a tree: a file, a folder or something else with a name (restic design.rst, "Trees
// and Data").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/rfc3339.h"

namespace firebreak {

// "irregular" exists in restic for other systems; it is read and refused by check.
enum class NodeType { File, Dir, Symlink, Device, CharDevice, Fifo, Socket, Irregular };

std::string_view name(NodeType type);  // "file", "dir", "symlink", "dev", "chardev", …
Result<NodeType> parse_node_type(std::string_view text);

struct ExtendedAttribute {
  std::string name;
  Bytes value;
  bool operator==(const ExtendedAttribute&) const = default;
};

struct Node {
  std::string name;  // any bytes but / and NUL; what comes from a repository is not trusted
  NodeType type = NodeType::File;
  std::uint32_t mode = 0;  // as Go's os.FileMode has its bits
  FileTime modified = zero_time();
  FileTime accessed = zero_time();
  FileTime changed = zero_time();
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;
  std::string group;
  std::uint64_t inode = 0;
  std::uint64_t device_id = 0;  // the file system; written for hard links alone
  std::uint64_t size = 0;       // of a file, in bytes
  std::uint64_t links = 0;
  std::string link_target;  // any bytes
  std::vector<ExtendedAttribute> extended_attributes;
  // Attributes of other systems: name and value as raw JSON, sorted by name.
  std::vector<std::pair<std::string, std::string>> generic_attributes;
  std::uint64_t device = 0;                    // of a device node
  std::optional<std::vector<BlobId>> content;  // of a file; absent for everything else
  std::optional<BlobId> subtree;               // of a folder
  std::string problem;                         // what went wrong when it was read

  bool operator==(const Node&) const = default;
};

// Between the mode bits of Go and those of stat: permissions, setuid, setgid, sticky and type.
std::uint32_t go_mode(std::uint32_t stat_mode);
std::uint32_t stat_mode(std::uint32_t go_mode);

// A name that may be created inside a folder: not empty, not "." or "..", no slash, no NUL.
// Everything that writes to a target asks this first.
bool is_safe_name(std::string_view name);

}  // namespace firebreak
