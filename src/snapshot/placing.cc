#include "snapshot/placing.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "snapshot/file_metadata.h"

namespace firebreak {
namespace {

// Where the kernel or the file system knows no RENAME_NOREPLACE. What appears between the two
// calls is replaced.
int rename_if_free(int folder, const std::string& from, const std::string& to) {
  const int renamed = renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE);
  if (renamed == 0 || (errno != EINVAL && errno != ENOSYS)) return renamed;
  struct stat status {};
  if (fstatat(folder, to.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return -1;
  }
  return errno == ENOENT ? renameat(folder, from.c_str(), folder, to.c_str()) : -1;
}

bool make_special(int folder, const std::string& name, const Node& node) {
  if (node.type == NodeType::Symlink) {
    return symlinkat(node.link_target.c_str(), folder, name.c_str()) == 0;
  }
  const mode_t type = node.type == NodeType::Fifo     ? S_IFIFO
                      : node.type == NodeType::Socket ? S_IFSOCK
                      : node.type == NodeType::Device ? S_IFBLK
                                                      : S_IFCHR;
  return mknodat(folder, name.c_str(), type | 0600, node.device) == 0;
}

}  // namespace

Result<std::string> make_temporary(const TargetFolder& target, int folder, const Placing& placing,
                                   const std::function<bool(const std::string& name)>& make) {
  constexpr int kTriesMax = 3;  // of one name that somebody else keeps making
  const std::string final_name = last_component(placing.below);
  for (unsigned choice = 0; choice < kTemporaryNames; ++choice) {
    std::string name = temporary_name(final_name, choice);
    if (is_taken(placing.taken, name)) continue;
    for (int tries = 0; tries < kTriesMax; ++tries) {
      if (make(name)) return name;
      if (errno != EEXIST) return errno_error(errno, "making", target.path_of(placing.below));
      if (unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) break;
    }
  }
  return error(Code::Conflict, "something is in the way of every temporary name, {} the first",
               temporary_name(final_name, 0));
}

Result<void> give_final_name(const TargetFolder& target, int folder, const std::string& temporary,
                             const Placing& placing) {
  const std::string name = last_component(placing.below);
  const int renamed = placing.replaces ? renameat(folder, temporary.c_str(), folder, name.c_str())
                                       : rename_if_free(folder, temporary, name);
  if (renamed != 0) return errno_error(errno, "making", target.path_of(placing.below));
  return {};
}

Result<void> place_special(const TargetFolder& target, const Placing& placing, const Node& node) {
  if (node.type == NodeType::Irregular) {
    return error(Code::Corrupt, "an entry of the type \"irregular\" cannot be made");
  }
  const Fd folder = TRY(target.open_parent(placing.below));
  const std::string temporary =
      TRY(make_temporary(target, folder.get(), placing, [&](const std::string& name) {
        return make_special(folder.get(), name, node);
      }));
  Result<void> set =
      write_metadata_at(folder.get(), temporary, node, target.path_of(placing.below));
  Result<void> named = give_final_name(target, folder.get(), temporary, placing);
  if (!named.ok()) {
    unlinkat(folder.get(), temporary.c_str(), 0);
    return named;
  }
  return set;  // it is whole, if not quite as in the snapshot
}

Result<void> place_link(const TargetFolder& target, const std::string& first,
                        const Placing& placing) {
  const Fd from = TRY(target.open_parent(first));
  const Fd folder = TRY(target.open_parent(placing.below));
  const std::string first_name = last_component(first);
  const auto link = [&](const std::string& name) {
    return linkat(from.get(), first_name.c_str(), folder.get(), name.c_str(), 0) == 0;
  };
  if (link(last_component(placing.below))) return {};
  if (errno != EEXIST || !placing.replaces) {
    return errno_error(errno, "linking", target.path_of(placing.below));
  }
  const std::string temporary = TRY(make_temporary(target, folder.get(), placing, link));
  Result<void> named = give_final_name(target, folder.get(), temporary, placing);
  // Still there after an error, and where both were names of one file already.
  unlinkat(folder.get(), temporary.c_str(), 0);
  return named;
}

}  // namespace firebreak
