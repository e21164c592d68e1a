#include "snapshot/make_room.h"

#include <cerrno>
#include <fcntl.h>

#include "snapshot/file_metadata.h"

namespace firebreak {
namespace {

Result<bool> keeps(const TargetFolder& target, const std::string& below, const Node& node,
                   const struct stat& present, const RestoreOptions& options) {
  const bool same_time = file_time(present.st_mtim) == node.modified;
  switch (options.overwrite) {
    case Overwrite::Always:
      return false;
    case Overwrite::Never:
      return true;
    case Overwrite::IfNewer:
      return node.modified <= file_time(present.st_mtim);
    case Overwrite::IfChanged:
      break;
  }
  const bool same = node.type == NodeType::File && S_ISREG(present.st_mode) && same_time &&
                    static_cast<std::uint64_t>(present.st_size) == node.size;
  // What has other names is made anew: they may be elsewhere, and would get the metadata too.
  if (same && present.st_nlink > 1) return false;
  if (!same || options.dry_run) return same;
  const Fd fd = TRY(target.open_below(below, O_RDONLY | O_NONBLOCK));
  struct stat opened {};
  if (fstat(fd.get(), &opened) != 0) return errno_error(errno, "reading", target.path_of(below));
  if (opened.st_ino != present.st_ino || opened.st_nlink > 1) return false;
  TRY(write_metadata(fd.get(), node, target.path_of(below)));
  return true;
}

}  // namespace

Result<Room> make_room(const TargetFolder& target, const std::string& below, const Node& node,
                       const RestoreOptions& options) {
  const Result<struct stat> present = target.stat_below(below);
  if (failed_with(present, Code::NotFound)) return Room::Free;
  if (!present.ok()) return Error(present.error());
  const bool keep = TRY(keeps(target, below, node, *present, options));
  if (keep) return Room::Kept;
  if (options.dry_run || !S_ISDIR(present->st_mode)) return Room::Occupied;
  if (!options.delete_extra) {
    const std::vector<std::string> inside = TRY(target.list(below));
    if (!inside.empty()) {
      return error(Code::Conflict,
                   "a folder with entries is in the way; move it, or restore with --delete");
    }
  }
  TRY(target.remove(below));
  return Room::Free;
}

}  // namespace firebreak
