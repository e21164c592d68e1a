#include "snapshot/node.h"

#include <array>
#include <sys/stat.h>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::array<std::string_view, 8> kTypeNames = {"file",    "dir",  "symlink", "dev",
                                                        "chardev", "fifo", "socket",  "irregular"};

struct ModeBit {
  std::uint32_t stat;
  std::uint32_t go;
};

constexpr ModeBit kModeBits[] = {
    {S_ISUID, 1U << 23},
    {S_ISGID, 1U << 22},
    {S_ISVTX, 1U << 20},
};

constexpr ModeBit kModeTypes[] = {
    {S_IFREG, 0},
    {S_IFDIR, 1U << 31},
    {S_IFLNK, 1U << 27},
    {S_IFBLK, 1U << 26},
    {S_IFIFO, 1U << 25},
    {S_IFSOCK, 1U << 24},
    {S_IFCHR, 1U << 26 | 1U << 21},
};

constexpr std::uint32_t kGoTypeMask =
    1U << 31 | 1U << 27 | 1U << 26 | 1U << 25 | 1U << 24 | 1U << 21;

}  // namespace

std::string_view name(NodeType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

Result<NodeType> parse_node_type(std::string_view text) {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i) {
    if (kTypeNames[i] == text) return static_cast<NodeType>(i);
  }
  return error(Code::Corrupt, "unknown node type \"{}\"", printable(text));
}

std::uint32_t go_mode(std::uint32_t stat_mode) {
  std::uint32_t mode = stat_mode & 0777;
  for (const ModeBit& bit : kModeBits) {
    if ((stat_mode & bit.stat) != 0) mode |= bit.go;
  }
  for (const ModeBit& type : kModeTypes) {
    if ((stat_mode & S_IFMT) == type.stat) mode |= type.go;
  }
  return mode;
}

std::uint32_t stat_mode(std::uint32_t go_mode) {
  std::uint32_t mode = go_mode & 0777;
  for (const ModeBit& bit : kModeBits) {
    if ((go_mode & bit.go) != 0) mode |= bit.stat;
  }
  for (const ModeBit& type : kModeTypes) {
    if ((go_mode & kGoTypeMask) == type.go) mode |= type.stat;
  }
  return mode;
}

bool is_safe_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

}  // namespace firebreak
