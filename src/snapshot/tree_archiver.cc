#include "snapshot/tree_archiver.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "snapshot/target_folder.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

// How many entries of a folder one task takes: enough to make its cost vanish, few enough that two
// workers share a folder.
constexpr std::size_t kEntriesPerTask = 32;

// How far a file's time of change may lie before the moment of a write: clocks of file systems tick
// every few milliseconds, some every two seconds.
constexpr std::chrono::seconds kTimestampGranularity{2};

Error of_source(Error problem) {
  return std::move(problem).on(Side::Source);
}

}  // namespace

// A folder under way. Its nodes fill in any order; who finishes the last one encodes the tree.
struct TreeArchiver::Folder {
  // Kept alive by the folders and tasks below it, whichever is the last to finish.
  FolderPtr above;
  std::size_t slot = 0;  // of its node there
  Node node;
  Fd fd;
  std::string path;
  dev_t device = 0;
  const PlannedEntry* plan = nullptr;  // where it is or leads to a target
  std::vector<std::string> names;      // sorted
  std::vector<std::optional<Node>> nodes;
  std::optional<Tree> before;  // its tree in the parent snapshot
  std::atomic<std::size_t> unfinished = 0;

  const Node* node_before(const std::string& name) const {
    return before ? before->find(name) : nullptr;
  }
};
// An entry as its folder lists it, or as the plan says where that is elsewhere.
struct TreeArchiver::Entry {
  std::size_t slot = 0;
  std::string name;    // in the tree
  int at = AT_FDCWD;   // what `opened` is relative to
  std::string opened;  // in the file system
  std::string path;    // for people and filters
  const PlannedEntry* plan = nullptr;
  struct stat status {};

  bool is_passage() const { return plan != nullptr && !plan->whole; }
  // A folder that only leads to targets is followed through symbolic links and need not be
  // readable.
  int stat_flags() const { return is_passage() ? 0 : AT_SYMLINK_NOFOLLOW; }
  int open_flags() const { return is_passage() ? O_PATH : O_RDONLY | O_NOFOLLOW; }
};

Result<BlobId> TreeArchiver::run(const PlannedEntry& plan, std::stop_token stop) {
  const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
  const auto root = std::make_shared<Folder>();
  root->plan = &plan;
  if (options_.parent) {
    const Snapshot& parent = options_.parent->snapshot;
    // What was changed after the parent's backup began may have been read before the change; one in
    // the same tick of the file system's clock leaves no trace.
    parent_trusted_before_ = parent.summary ? parent.summary->backup_start : parent.time;
    parent_trusted_before_.seconds -= kTimestampGranularity;
    Node before;
    before.subtree = options_.parent->snapshot.tree;
    root->before = load_before(&before, "/", stop);
  }
  if (plan.whole) {
    root->path = plan.source;
    root->fd = Fd(open(plan.source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root->fd.is_open()) return of_source(errno_error(errno, "opening", plan.source));
    struct stat status {};
    if (fstat(root->fd.get(), &status) != 0) {
      return of_source(errno_error(errno, "reading", plan.source));
    }
    root->device = status.st_dev;
  }
  work_.push([this, root](std::stop_token) { return start_folder(root); });
  TRY(work_.run(options_.workers, stop_.get_token()));
  TRY(saver_.finish());
  return root_;
}

// Lists the folder and makes tasks of its entries. An error is the listing's.
Result<void> TreeArchiver::start_folder(const FolderPtr& folder) {
  if (folder->plan == nullptr || folder->plan->whole) {
    folder->names = TRY(list_names(folder->fd.get(), folder->path).on(Side::Source));
  }
  if (folder->plan != nullptr) {
    for (const auto& [name, child] : folder->plan->children) {
      const auto at = std::ranges::lower_bound(folder->names, name);
      if (at == folder->names.end() || *at != name) folder->names.insert(at, name);
    }
  }
  const std::size_t count = folder->names.size();
  folder->nodes.resize(count);
  folder->unfinished = count;
  if (count == 0) return finish_folder(folder);
  for (std::size_t end = count; end > 0;) {  // the first ones end up on top
    const std::size_t begin = (end - 1) / kEntriesPerTask * kEntriesPerTask;
    work_.push([this, folder, begin, end](std::stop_token stop) {
      return archive_entries(folder, begin, end, stop);
    });
    end = begin;
  }
  return {};
}

Result<void> TreeArchiver::archive_entries(const FolderPtr& folder, std::size_t begin,
                                           std::size_t end, std::stop_token stop) {
  for (std::size_t slot = begin; slot < end; ++slot) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    const FolderPtr below = TRY(archive_entry(folder, slot, stop));
    if (below == nullptr) continue;
    // Deep before wide, so that few folders are open at a time.
    if (slot + 1 < end) {
      work_.push([this, folder, slot, end](std::stop_token stopped) {
        return archive_entries(folder, slot + 1, end, stopped);
      });
    }
    Result<void> started = start_folder(below);
    if (started.ok() || started.error().side() != Side::Source) return started;
    Entry entry;
    entry.slot = below->slot;
    entry.path = below->path;
    return skip(folder, entry, started.error());
  }
  return {};
}

// Ends with a folder that is to be gone into.
Result<TreeArchiver::FolderPtr> TreeArchiver::archive_entry(const FolderPtr& folder,
                                                            std::size_t slot,
                                                            std::stop_token stop) {
  Entry entry;
  entry.slot = slot;
  entry.name = folder->names[slot];
  entry.opened = entry.name;
  entry.at = folder->fd.is_open() ? folder->fd.get() : AT_FDCWD;
  entry.path =
      folder->path.ends_with('/') ? folder->path + entry.name : folder->path + '/' + entry.name;
  if (folder->plan != nullptr) {
    const auto planned = folder->plan->children.find(entry.name);
    if (planned != folder->plan->children.end()) {
      entry.plan = &planned->second;
      entry.path = entry.plan->source;
      if (!folder->fd.is_open()) entry.opened = entry.path;
    }
  }
  const auto failed = [&](const Error& problem) -> Result<FolderPtr> {
    TRY(skip(folder, entry, problem));
    return FolderPtr();
  };
  if (fstatat(entry.at, entry.opened.c_str(), &entry.status, entry.stat_flags()) != 0) {
    const int problem = errno;
    if (problem == ENOENT && entry.plan == nullptr) {  // removed since it was listed
      TRY(finish_entry(folder, slot, std::nullopt));
      return FolderPtr();
    }
    return failed(errno_error(problem, "reading", entry.path));
  }
  if (entry.plan == nullptr && options_.select && !options_.select(entry.path, entry.status)) {
    TRY(finish_entry(folder, slot, std::nullopt));
    return FolderPtr();
  }
  Result<void> archived;
  if (S_ISDIR(entry.status.st_mode)) {
    Result<FolderPtr> below = open_folder(folder, entry, stop);
    if (below.ok() || below.error().side() != Side::Source) return below;
    return failed(below.error());
  }
  archived = S_ISREG(entry.status.st_mode) ? archive_file(folder, entry, stop)
                                           : archive_other(folder, entry);
  if (archived.ok()) return FolderPtr();
  if (archived.error().side() == Side::Source) return failed(archived.error());
  return std::move(archived).error();
}

Result<void> TreeArchiver::archive_file(const FolderPtr& folder, const Entry& entry,
                                        std::stop_token stop) {
  const Node* const before = folder->node_before(entry.name);
  Node node = node_from_stat(entry.name, entry.status, options_.with_access_time, owners_);
  if (is_unchanged(node, before)) {
    // The time of change covers attributes; without it they have to be read.
    node.extended_attributes = before->extended_attributes;
    if (!options_.ignore_changed_time) return reuse(folder, entry, std::move(node), *before);
  }
  const auto open_it = [&](int extra) {
    return Fd(openat(entry.at, entry.opened.c_str(),
                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | extra));
  };
  Fd fd = open_it(O_NOATIME);
  if (!fd.is_open() && errno == EPERM) fd = open_it(0);  // not the owner
  if (!fd.is_open()) return of_source(errno_error(errno, "opening", entry.path));
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) {
    return of_source(errno_error(errno, "reading", entry.path));
  }
  if (!S_ISREG(status.st_mode)) {
    return of_source(error(Code::Io, "{}: became something else meanwhile", entry.path));
  }
  node = node_from_stat(entry.name, status, options_.with_access_time, owners_);
  node.extended_attributes = TRY(read_attributes(fd.get(), entry.path).on(Side::Source));
  if (is_unchanged(node, before)) return reuse(folder, entry, std::move(node), *before);
  const bool is_new = before == nullptr;
  return files_.archive(
      fd.get(), std::move(node), entry.path,
      [this, folder, slot = entry.slot, is_new](Node saved) -> Result<void> {
        ++progress_.files;
        ++(is_new ? files_new_ : files_changed_);
        return finish_entry(folder, slot, std::move(saved));
      },
      stop);
}

Result<void> TreeArchiver::reuse(const FolderPtr& folder, const Entry& entry, Node node,
                                 const Node& before) {
  node.content = before.content;
  progress_.bytes += node.size;
  ++progress_.files;
  ++files_unmodified_;
  return finish_entry(folder, entry.slot, std::move(node));
}

// Links, devices, pipes and sockets: metadata alone.
Result<void> TreeArchiver::archive_other(const FolderPtr& folder, const Entry& entry) {
  Node node = node_from_stat(entry.name, entry.status, options_.with_access_time, owners_);
  node.extended_attributes =
      TRY(read_attributes_at(entry.at, entry.opened, entry.path).on(Side::Source));
  if (node.type == NodeType::Symlink) {
    node.link_target = TRY(read_link(entry.at, entry.opened, entry.path).on(Side::Source));
  }
  const Node* const before = folder->node_before(entry.name);
  ++progress_.files;
  ++(before == nullptr ? files_new_ : *before == node ? files_unmodified_ : files_changed_);
  return finish_entry(folder, entry.slot, std::move(node));
}

Result<TreeArchiver::FolderPtr> TreeArchiver::open_folder(const FolderPtr& above,
                                                          const Entry& entry,
                                                          std::stop_token stop) {
  auto folder = std::make_shared<Folder>();
  folder->above = above;
  folder->slot = entry.slot;
  folder->path = entry.path;
  folder->plan = entry.plan;
  folder->fd =
      Fd(openat(entry.at, entry.opened.c_str(), entry.open_flags() | O_DIRECTORY | O_CLOEXEC));
  if (!folder->fd.is_open()) return of_source(errno_error(errno, "opening", entry.path));
  struct stat status {};
  if (fstat(folder->fd.get(), &status) != 0) {
    return of_source(errno_error(errno, "reading", entry.path));
  }
  folder->device = status.st_dev;
  folder->node = node_from_stat(entry.name, status, options_.with_access_time, owners_);
  folder->node.extended_attributes =
      TRY((entry.is_passage() ? read_attributes_at(entry.at, entry.opened, entry.path)
                              : read_attributes(folder->fd.get(), entry.path))
              .on(Side::Source));
  folder->before = load_before(above->node_before(entry.name), folder->path, stop);
  const bool other_device = above->fd.is_open() && above->device != folder->device;
  if (options_.one_file_system && entry.plan == nullptr && other_device) {
    static const PlannedEntry kNothing;  // the mount point, empty
    folder->plan = &kNothing;
  }
  return folder;
}

// A parent that cannot be read costs reading everything again, no more. Where it is damaged, what
// lies below was not looked at, so that no tree counts as there any more before it was read.
std::optional<Tree> TreeArchiver::load_before(const Node* node, const std::string& path,
                                              std::stop_token stop) {
  if (node == nullptr || !node->subtree) return std::nullopt;
  Result<Tree> tree = load_tree(repository_, *node->subtree, stop);
  if (tree.ok()) return std::move(tree).value();
  if (is_damage(tree.error())) {
    saver_.verify_trees();
    if (options_.on_damaged_parent) options_.on_damaged_parent(path, tree.error());
  }
  return std::nullopt;
}

bool TreeArchiver::is_unchanged(const Node& now, const Node* before) const {
  if (before == nullptr || before->type != NodeType::File || !before->content) return false;
  if (now.size != before->size || now.modified != before->modified) return false;
  if (!options_.ignore_inode && now.inode != before->inode) return false;
  if (!options_.ignore_changed_time) {
    if (now.changed != before->changed) return false;
    if (now.changed >= parent_trusted_before_) return false;
  }
  return std::ranges::all_of(*before->content, [&](const BlobId& blob) {
    return repository_.index().contains(BlobType::Data, blob);
  });
}

Result<void> TreeArchiver::finish_entry(const FolderPtr& folder, std::size_t slot,
                                        std::optional<Node> node) {
  folder->nodes[slot] = std::move(node);
  if (--folder->unfinished > 0) return {};
  return finish_folder(folder);
}

Result<void> TreeArchiver::finish_folder(FolderPtr folder) {
  while (true) {
    TreeEncoder encoder;
    bool has_nodes = false;
    for (std::optional<Node>& node : folder->nodes) {
      if (!node) continue;
      TRY(encoder.add(*node));
      node.reset();
      has_nodes = true;
    }
    const SavedBlob tree = TRY(saver_.save(BlobType::Tree, as_bytes(encoder.finish())));
    if (folder->above == nullptr) {
      if (!has_nodes) {
        return error(Code::Invalid, "nothing to back up: no path exists, or all was left out");
      }
      root_ = tree.id;
      return {};
    }
    folder->node.subtree = tree.id;
    count_folder(folder);
    const FolderPtr above = folder->above;
    above->nodes[folder->slot] = std::move(folder->node);
    if (--above->unfinished > 0) return {};
    folder = above;
  }
}

void TreeArchiver::count_folder(const FolderPtr& folder) {
  ++progress_.folders;
  const Node* const before = folder->above->node_before(folder->node.name);
  const bool is_dir_before = before != nullptr && before->type == NodeType::Dir;
  ++(!is_dir_before ? dirs_new_ : *before == folder->node ? dirs_unmodified_ : dirs_changed_);
}

Result<void> TreeArchiver::skip(const FolderPtr& folder, const Entry& entry, const Error& problem) {
  ++progress_.errors;
  if (options_.on_error) options_.on_error(entry.path, problem);
  return finish_entry(folder, entry.slot, std::nullopt);
}

Result<BlobId> TreeArchiver::run_stream(int fd, const std::string& name, std::stop_token stop) {
  const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
  const auto root = std::make_shared<Folder>();
  root->names = {name};
  root->nodes.resize(1);
  root->unfinished = 1;
  Node node;
  node.name = name;
  node.mode = 0644;
  node.modified = node.accessed = node.changed = began_;
  node.uid = getuid();
  node.gid = getgid();
  node.user = owners_.user(node.uid);
  node.group = owners_.group(node.gid);
  node.links = 1;
  work_.push([&, root](std::stop_token stopped) {
    return files_.archive(
        fd, node, name,
        [&, root](Node saved) -> Result<void> {
          ++progress_.files;
          ++files_new_;
          return finish_entry(root, 0, std::move(saved));
        },
        stopped);
  });
  TRY(work_.run(options_.workers, stop_.get_token()));
  TRY(saver_.finish());
  return root_;
}

void TreeArchiver::summarize(SnapshotSummary& summary) const {
  const BlobSaver::Totals totals = saver_.totals();
  summary.files_new = files_new_;
  summary.files_changed = files_changed_;
  summary.files_unmodified = files_unmodified_;
  summary.dirs_new = dirs_new_;
  summary.dirs_changed = dirs_changed_;
  summary.dirs_unmodified = dirs_unmodified_;
  summary.data_blobs = totals.data_blobs;
  summary.tree_blobs = totals.tree_blobs;
  summary.data_added = totals.added_bytes;
  summary.data_added_packed = totals.stored_bytes;
  summary.total_files_processed = progress_.files;
  summary.total_bytes_processed = progress_.bytes;
}

}  // namespace firebreak
