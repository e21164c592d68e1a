#include "snapshot/restore.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <set>
#include <unistd.h>

#include "base/text.h"
#include "crypto/sha256.h"
#include "snapshot/content_restorer.h"
#include "snapshot/file_metadata.h"
#include "snapshot/make_room.h"
#include "snapshot/placing.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

constexpr std::size_t kLinksPerBatch = 32 * 1024;

// A folder on the way; its metadata is set when everything below is finished, because writing
// inside changes its time.
struct Folder {
  std::shared_ptr<Folder> above;  // kept by the folders and files below it until they finish
  Node node;                      // its name is all of the path that a folder keeps
  bool is_selected = false;
  bool made = false;
  bool is_new = false;  // made, where nothing was
  TakenNames taken;
  std::atomic<std::size_t> unfinished = 1;  // entries, and the walk through it
};
using FolderPtr = std::shared_ptr<Folder>;

// The path in the target. Made when it is asked for: a deep tree has as many folders on its way as
// its longest path has names.
std::string path_below(const Folder& folder) {
  std::vector<const Folder*> way;
  for (const Folder* one = &folder; one->above; one = one->above.get()) way.push_back(one);
  std::string path;
  for (auto one = way.rbegin(); one != way.rend(); ++one) {
    if (!path.empty()) path += '/';
    path += (*one)->node.name;
  }
  return path;
}

// Names of one inode have the same content too; a foreign or damaged tree may claim otherwise.
struct Inode {
  std::uint64_t device;
  std::uint64_t inode;
  BlobId content;
  auto operator<=>(const Inode&) const = default;
};

Inode inode_of(const Node& node) {
  Bytes ids;
  for (const BlobId& id : *node.content) append(ids, id.view());
  return {node.device_id, node.inode, id_of<BlobId>(ids)};
}

class Restorer {
 public:
  Restorer(const Repository& repository, TargetFolder target, const RestoreOptions& options,
           RestoreProgress& progress)
      : options_(options),
        progress_(progress),
        target_(std::move(target)),
        content_(
            repository, target_,
            {[this](const std::string& below, const Error& problem) {
               report("/" + below, problem);
             },
             [this](std::uint64_t bytes) { progress_.bytes += bytes; }},
            options.workers,
            options.overwrite == Overwrite::Always || options.overwrite == Overwrite::IfChanged) {}

  Result<void> run(const Repository& repository, const BlobId& root, std::stop_token stop);

 private:
  struct PendingLink {
    std::string first;
    Placing second;
    FolderPtr folder;
  };

  Selection selection(const std::string& path, const Node& node) const {
    return options_.select ? options_.select(path, node) : Selection{};
  }
  Result<bool> visit(const std::string& path, const Node& node, std::stop_token stop);
  Result<void> visit_entry(const std::string& path, const Node& node, std::stop_token stop);
  const std::string& first_name_of(const Node& node, const std::string& below);
  Result<void> add_link(const std::string& first, Placing placing, std::stop_token stop);
  Result<void> make_file(Placing placing, const Node& node, std::stop_token stop);
  Result<void> make_folder(Folder& folder);
  Result<void> make_folders_to(const FolderPtr& folder);
  Result<void> make_links();
  Result<void> make_link(const PendingLink& link);
  Result<void> delete_extra(const std::string& path, const Tree& tree);
  std::set<std::string> temporary_names(const std::string& path, const Tree& tree) const;
  void remove_leftovers(const std::string& path, const Tree& tree) const;
  Result<void> finish_part(FolderPtr folder);
  void report(const std::string& path, const Error& problem);
  void tell(std::string_view action, const std::string& below, std::uint64_t bytes) const {
    if (options_.on_entry) options_.on_entry(action, "/" + below, bytes);
  }

  const RestoreOptions& options_;
  RestoreProgress& progress_;
  const TargetFolder target_;
  ContentRestorer content_;
  std::vector<FolderPtr> way_;  // from the root to where the walk is
  std::map<Inode, std::string> first_names_;
  std::vector<PendingLink> links_;
  Mutex mutex_;
  std::set<std::string> broken_ GUARDED_BY(mutex_);  // first names that have no file
};

Result<void> Restorer::run(const Repository& repository, const BlobId& root, std::stop_token stop) {
  way_ = {std::make_shared<Folder>()};
  way_[0]->made = true;
  TreeVisitor visitor;
  visitor.entry = [&](const std::string& path, const Node& node) {
    return visit(path, node, stop);
  };
  visitor.enter = [&](const Tree& tree) { way_.back()->taken = taken_names(tree); };
  visitor.leave = [&](const std::string& path, const Node&, const Tree* tree) -> Result<void> {
    // A tree that could not be read says nothing about what is extra.
    if (tree != nullptr && way_.back()->made) {
      if (options_.delete_extra) TRY(delete_extra(path, *tree));
      if (!options_.dry_run && !way_.back()->is_new) remove_leftovers(path, *tree);
    }
    const FolderPtr left = std::move(way_.back());
    way_.pop_back();
    return finish_part(left);
  };
  visitor.unreadable = [&](const std::string& path, const Error& problem) -> Result<void> {
    report(path.empty() ? "/" : path, problem);
    return {};
  };
  TRY(walk_tree(repository, root, visitor, stop));
  TRY(content_.flush(stop));
  return make_links();
}

Result<bool> Restorer::visit(const std::string& path, const Node& node, std::stop_token stop) {
  const Selection wanted = selection(path, node);
  if (node.type != NodeType::Dir) {
    if (wanted.restore) TRY(visit_entry(path, node, stop));
    return false;
  }
  if (!wanted.restore && !wanted.descend) return false;
  auto folder = std::make_shared<Folder>();
  folder->above = way_.back();
  folder->node = node;
  folder->node.content.reset();
  folder->is_selected = wanted.restore;
  ++folder->above->unfinished;
  way_.push_back(folder);
  if (!wanted.restore) return true;  // made when something below it is
  Result<void> made = make_folders_to(folder);
  if (made.ok()) return true;
  if (made.error().code() == Code::Exhausted) return std::move(made).error();
  report(path, made.error());
  way_.pop_back();
  TRY(finish_part(folder));
  return false;
}

// Anything but a folder.
Result<void> Restorer::visit_entry(const std::string& path, const Node& node,
                                   std::stop_token stop) {
  const std::string below = path.substr(1);
  const auto attempt = [&]() -> Result<void> {
    TRY(make_folders_to(way_.back()));
    Room room = Room::Free;
    // Not asked in a new folder: what somebody else puts there meanwhile is not replaced.
    if (!way_.back()->is_new) room = TRY(make_room(target_, below, node, options_));
    if (room == Room::Kept) {
      ++progress_.kept;
      tell("kept", below, node.size);
      return {};
    }
    ++progress_.files;
    const std::string& first = first_name_of(node, below);
    const std::uint64_t bytes = first == below ? node.size : 0;
    tell("restored", below, bytes);
    if (options_.dry_run) {
      progress_.bytes += bytes;
      return {};
    }
    Placing placing{below, room == Room::Occupied, way_.back()->taken};
    if (node.type != NodeType::File) return place_special(target_, placing, node);
    return first == below ? make_file(std::move(placing), node, stop)
                          : add_link(first, std::move(placing), stop);
  };
  Result<void> result = attempt();
  if (result.ok()) return {};
  const Code code = result.error().code();
  if (code == Code::Exhausted || code == Code::Canceled) return result;
  report(path, result.error());
  return {};
}

// Of several names of one file, the one that the walk came to first; `below` for all else.
const std::string& Restorer::first_name_of(const Node& node, const std::string& below) {
  if (node.type != NodeType::File || node.links < 2 || !node.content) return below;
  return first_names_.try_emplace(inode_of(node), below).first->second;
}

Result<void> Restorer::add_link(const std::string& first, Placing placing, std::stop_token stop) {
  const FolderPtr folder = way_.back();
  ++folder->unfinished;
  links_.push_back({first, std::move(placing), folder});
  if (links_.size() < kLinksPerBatch) return {};
  TRY(content_.flush(stop));
  return make_links();
}

Result<void> Restorer::make_file(Placing placing, const Node& node, std::stop_token stop) {
  const FolderPtr folder = way_.back();
  if (!node.content) return error(Code::Corrupt, "the snapshot has no content for it");
  ++folder->unfinished;
  const std::string first = node.links > 1 ? placing.below : "";
  const auto done = [this, folder, first](bool is_whole) {
    if (!is_whole && !first.empty()) {
      const MutexLock lock(mutex_);
      broken_.insert(first);
    }
    return finish_part(folder);
  };
  return content_.add(std::move(placing), node, done, stop);
}

Result<void> Restorer::make_folders_to(const FolderPtr& folder) {
  std::vector<Folder*> missing;
  for (Folder* one = folder.get(); !one->made; one = one->above.get()) missing.push_back(one);
  for (auto one = missing.rbegin(); one != missing.rend(); ++one) TRY(make_folder(**one));
  return {};
}

Result<void> Restorer::make_folder(Folder& folder) {
  const std::string path = path_below(folder);
  ++progress_.folders;
  tell("restored", path, 0);
  if (options_.dry_run) {
    folder.made = true;
    return {};
  }
  const Result<struct stat> present = target_.stat_below(path);
  if (present.ok() && !S_ISDIR(present->st_mode)) {
    if (options_.overwrite == Overwrite::Never) {
      return error(Code::Conflict, "something else is in the way, and nothing may be overwritten");
    }
    TRY(target_.remove(path));
  }
  if (!present.ok() && present.error().code() != Code::NotFound) return Error(present.error());
  const Fd parent = TRY(target_.open_parent(path));
  folder.is_new = mkdirat(parent.get(), folder.node.name.c_str(), 0700) == 0;
  if (!folder.is_new && errno != EEXIST) {
    return errno_error(errno, "making", target_.path_of(path));
  }
  folder.made = true;
  return {};
}

Result<void> Restorer::make_links() {
  for (const PendingLink& link : links_) {
    if (Result<void> made = make_link(link); !made.ok()) {
      report("/" + link.second.below, made.error());
    }
    TRY(finish_part(link.folder));
  }
  links_.clear();
  return {};
}

Result<void> Restorer::make_link(const PendingLink& link) {
  {
    // Something else may be there, which is not to get another name.
    const MutexLock lock(mutex_);
    if (broken_.contains(link.first)) {
      return error(Code::Corrupt, "a hard link to {}, which is not whole", printable(link.first));
    }
  }
  return place_link(target_, link.first, link.second);
}

Result<void> Restorer::delete_extra(const std::string& path, const Tree& tree) {
  const std::string folder = path.empty() ? "" : path.substr(1);
  const Result<std::vector<std::string>> present = target_.list(folder);
  if (failed_with(present, Code::NotFound)) return {};  // of a dry run
  if (!present.ok()) {
    report("/" + folder, present.error());
    return {};
  }
  for (const std::string& name : *present) {
    if (tree.find(name) != nullptr) continue;
    Node extra;
    extra.name = name;
    const std::string below = folder.empty() ? name : folder + "/" + name;
    if (!selection("/" + below, extra).restore) continue;
    if (looks_made_up(name) && content_.made_up(below)) continue;
    ++progress_.deleted;
    tell("deleted", below, 0);
    if (options_.dry_run) continue;
    if (Result<void> removed = target_.remove(below); !removed.ok()) {
      report("/" + below, removed.error());
    }
  }
  return {};
}

// Of everything that is to be restored into a folder.
std::set<std::string> Restorer::temporary_names(const std::string& path, const Tree& tree) const {
  std::set<std::string> names;
  for (const Node& node : tree.nodes) {
    if (node.type == NodeType::Dir || !selection(path + "/" + node.name, node).restore) continue;
    for (unsigned choice = 0; choice < kTemporaryNames; ++choice) {
      names.insert(temporary_name(node.name, choice));
    }
  }
  return names;
}

// What a killed restore left of entries that stay as they are: nobody makes those anew. Others may
// belong to a restore that runs beside this one.
void Restorer::remove_leftovers(const std::string& path, const Tree& tree) const {
  const std::string folder = path.empty() ? "" : path.substr(1);
  const Result<Fd> fd = target_.open_below(folder, O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return;  // one may write to a folder and not list it
  Result<std::vector<std::string>> present = list_names(fd->get(), target_.path_of(folder));
  if (!present.ok()) return;
  std::erase_if(*present, [&](const std::string& name) {
    return !is_temporary_name(name) || is_taken(way_.back()->taken, name) ||
           content_.made_up(folder.empty() ? name : folder + "/" + name);
  });
  if (present->empty()) return;
  const std::set<std::string> names = temporary_names(path, tree);
  for (const std::string& name : *present) {
    // Not a folder, which no restore makes there.
    if (names.contains(name)) unlinkat(fd->get(), name.c_str(), 0);
  }
}

Result<void> Restorer::finish_part(FolderPtr folder) {
  while (folder != nullptr && --folder->unfinished == 0) {
    const bool has_metadata = folder->above != nullptr && folder->is_selected && folder->made;
    if (has_metadata && !options_.dry_run) {
      const std::string inside = path_below(*folder);
      const std::string path = target_.path_of(inside);
      const auto set = [&]() -> Result<void> {
        const Fd fd = TRY(target_.open_below(inside, O_RDONLY | O_DIRECTORY));
        return write_metadata(fd.get(), folder->node, path);
      };
      if (Result<void> done = set(); !done.ok()) report("/" + inside, done.error());
    }
    folder = folder->above;
  }
  return {};
}

void Restorer::report(const std::string& path, const Error& problem) {
  ++progress_.errors;
  if (options_.on_error) options_.on_error(path, problem);
}

}  // namespace

Result<Overwrite> parse_overwrite(std::string_view name) {
  if (name == "always") return Overwrite::Always;
  if (name == "if-changed") return Overwrite::IfChanged;
  if (name == "if-newer") return Overwrite::IfNewer;
  if (name == "never") return Overwrite::Never;
  return error(Code::Invalid,
               "unknown overwrite mode \"{}\"; it is one of always, if-changed, if-newer, never",
               printable(name));
}

Result<void> restore(const Repository& repository, const BlobId& root,
                     const RestoreOptions& options, RestoreProgress& progress,
                     std::stop_token stop) {
  TargetFolder target = TRY(options.dry_run ? TargetFolder::look(options.target)
                                            : TargetFolder::make(options.target));
  Restorer restorer(repository, std::move(target), options, progress);
  Result<void> done = restorer.run(repository, root, stop);
  // The target's word: what is too much in the repository is an error of single entries.
  if (failed_with(done, Code::Exhausted)) {
    return error(Code::Exhausted,
                 "{}; make room and run the same command again, with --overwrite if-changed to "
                 "keep what is whole",
                 done.error().message());
  }
  return done;
}

}  // namespace firebreak
