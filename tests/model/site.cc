#include "model/site.h"

#include <algorithm>
#include <filesystem>

#include "crypto/sha256.h"
#include "model/source_tree.h"
#include "snapshot/dump.h"
#include "snapshot/reachable.h"
#include "snapshot/restore.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

constexpr std::uint64_t kCaches = 3;

}  // namespace

Result<Value> Site::value_of(const Repository& repository, const Node& node, Known& known) {
  Value value;
  value.mode = stat_mode(node.mode) & 07777;
  switch (node.type) {
    case NodeType::File: {
      value.modified = TRY(node.modified.to_wall());
      value.size = node.size;
      std::string& content = known[node.content.value_or(std::vector<BlobId>())];
      value.content = content;
      if (!content.empty()) break;
      value.size = 0;
      Sha256Stream digest;
      TRY(dump_file(repository, node,
                    [&](ByteView bytes) -> Result<void> {
                      value.size += bytes.size();
                      digest.update(bytes);
                      return {};
                    },
                    {}));
      if (value.size != node.size) return error(Code::Corrupt, "a size that is not the content's");
      content = to_hex(digest.finish());
      value.content = content;
      break;
    }
    case NodeType::Dir:
      value.kind = 'd';
      break;
    case NodeType::Symlink:
      value.kind = 'l';
      value.mode = 0;
      value.content = node.link_target;
      break;
    case NodeType::Fifo:
      value.kind = 'p';
      break;
    default:
      return error(Code::Corrupt, "an entry of a kind that was never made");
  }
  return value;
}

Site::Site(std::string folder, std::string password, Clock& clock)
    : backend(store, clock), folder_(std::move(folder)) {
  CHECK(Repository::init(store, {password, kHarness, kLeastScrypt, {}}, clock, {}).ok());
  model.passwords.insert(std::move(password));
}

std::string Site::any_password(Random& random) const {
  auto password = model.passwords.begin();
  std::advance(password, static_cast<std::ptrdiff_t>(random.below(model.passwords.size())));
  return *password;
}

Result<std::unique_ptr<Repository>> Site::open(Random& random, OnBroken on_broken) {
  const std::uint64_t number = random.below(kCaches);
  const std::string cache = fmt::format("{}/cache-{}", folder_, number);
  if (number == 0) std::filesystem::remove_all(cache);
  auto repository = TRY(Repository::open(backend, any_password(random), "", cache, {}));
  TRY(repository->load_index(on_broken, {}));
  return repository;
}

Result<std::unique_ptr<RepositoryLock>> Site::lock(const Repository& repository, LockKind kind,
                                                   Clock& clock) {
  const RepositoryLock::Options options{kind, kHarness, repository.version(), Nanoseconds(0),
                                        false};
  return RepositoryLock::acquire(backend, repository.sealer(), options, clock, {});
}

Result<void> Site::unlock() {
  backend.set_plan({});
  const auto repository =
      TRY(Repository::open(backend, *model.passwords.begin(), "", folder_ + "/cache-unlock", {}));
  TRY(remove_locks(backend, repository->sealer(), true, {}, kHarness, {}));
  return {};
}

Result<Paths> Site::read(const Repository& repository, const Snapshot& snapshot,
                         const std::string& source) {
  Known known;
  return read_knowing(repository, snapshot, source, known);
}

Result<Paths> Site::read_knowing(const Repository& repository, const Snapshot& snapshot,
                                 const std::string& source, Known& known) {
  Paths paths;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> inodes;
  TreeVisitor visitor;
  const Result<Node> root = find_entry(repository, snapshot.tree, source.substr(1), {});
  if (failed_with(root, Code::NotFound)) return paths;  // lost and repaired away
  if (!root.ok()) return Error(root.error());
  visitor.entry = [&](const std::string& path, const Node& node) -> Result<bool> {
    const std::string name = path.substr(1);
    paths[name] = TRY(value_of(repository, node, known).context("{}", printable(name)));
    if (node.links > 1 && node.type == NodeType::File) {
      // Names that were read at unlike times are no links of each other any more.
      inodes[name] = {node.inode, std::hash<std::string>()(paths[name].content)};
    }
    return true;
  };
  if (!root->subtree) return error(Code::Corrupt, "the source is no folder");
  TRY(walk_tree(repository, *root->subtree, visitor, {}));
  name_links(paths, inodes);
  return paths;
}

Result<Paths> Site::restored(const Repository& repository, const Snapshot& snapshot,
                             const std::string& source) {
  const std::string target = folder_ + "/restored";
  std::filesystem::remove_all(target);
  std::optional<Error> problem;
  Mutex mutex;
  RestoreOptions options;
  options.target = target;
  options.on_error = [&](const std::string&, const Error& one) {
    const MutexLock lock(mutex);
    if (!problem) problem = one;
  };
  RestoreProgress progress;
  const Node root = TRY(find_entry(repository, snapshot.tree, source.substr(1), {}));
  TRY(restore(repository, *root.subtree, options, progress, {}));
  if (problem) return *problem;
  TRY(verify_restored(repository, *root.subtree, options, progress, {}));
  if (problem) return *problem;
  return read_folder(target);
}

Result<BlobSet> used_blobs(const Repository& repository,
                           const std::function<void(const Error&)>& problem) {
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(repository, {}));
  BlobSet used(repository.index().tables());
  std::vector<ReachableRoot> roots;
  for (const FoundSnapshot& found : all) roots.push_back({found.id.brief(), found.snapshot.tree});
  Mutex mutex;
  const ReachableVisitor visitor{
      [&](BlobType type, const BlobId& id) { return used.insert(type, id); },
      [&](const std::string& path, const Error& one) -> Result<void> {
        const MutexLock lock(mutex);
        problem(Error(one).within(path));
        return {};
      }};
  TRY(visit_reachable(repository, roots, visitor, 2, {}));
  return used;
}

Result<CheckSummary> Site::check_all(Repository& repository, std::vector<Finding>& damage) {
  const BlobSet used = TRY(used_blobs(repository, [&](const Error& problem) {
    damage.push_back({FindingKind::BlobMissing, problem.message()});
  }));
  Progress progress;
  const auto each = [&](const Finding& finding) {
    if (!is_hint(finding.kind)) damage.push_back(finding);
  };
  return check(repository, used, {ReadAllPacks{}}, each, progress, {});
}

Result<void> Site::verify(Random& random, const std::string& source) {
  const auto repository = TRY(open(random, OnBroken::Skip));
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(*repository, {}));
  if (all.size() != model.snapshots.size()) {
    return error(Code::Corrupt, "{} snapshots instead of {}", all.size(), model.snapshots.size());
  }
  const std::size_t restored_one = all.empty() ? 0 : random.below(all.size());
  Known known;  // snapshots share most files
  for (const FoundSnapshot& found : all) {
    const auto remembered = model.snapshots.find(found.id);
    if (remembered == model.snapshots.end()) {
      return error(Code::Corrupt, "snapshot {}, of which nobody knows", found.id.brief());
    }
    const bool to_disk = found.id == all[restored_one].id && !remembered->second.paths.empty();
    const Paths paths = TRY((to_disk ? restored(*repository, found.snapshot, source)
                                     : read_knowing(*repository, found.snapshot, source, known))
                                .context("snapshot {}", found.id.brief()));
    if (const std::string wrong = difference(remembered->second.paths, paths); !wrong.empty()) {
      return error(Code::Corrupt, "WRONG, snapshot {}: {}", found.id.brief(), wrong);
    }
  }
  std::vector<Finding> damage;
  if (random.below(3) == 0) TRY(check_all(*repository, damage));
  if (!damage.empty()) return error(Code::Corrupt, "check found {}", damage[0].message);
  for (const std::string& password : model.passwords) {
    TRY(find_key(store, password, "", {}).context("password {}", password));
  }
  return {};
}

Result<void> Site::reconcile(Random& random, const std::string& source,
                             const std::set<SnapshotId>& doomed,
                             const std::vector<Remembered>& candidates) {
  TRY(unlock());
  const auto repository = TRY(open(random));
  std::set<SnapshotId> present;
  for (const FoundSnapshot& found : TRY(load_snapshots(*repository, {}))) {
    present.insert(found.id);
    if (model.snapshots.contains(found.id)) continue;
    TRY(reconcile_one(*repository, found, source, candidates)
            .context("snapshot {}, which was not acknowledged", found.id.brief()));
  }
  const std::map<SnapshotId, Remembered> before = model.snapshots;
  for (const auto& [id, remembered] : before) {
    if (present.contains(id)) continue;
    if (!doomed.contains(id)) return error(Code::Corrupt, "LOST snapshot {}", id.brief());
    model.snapshots.erase(id);
  }
  return {};
}

Result<void> Site::reconcile_one(const Repository& repository, const FoundSnapshot& found,
                                 const std::string& source,
                                 const std::vector<Remembered>& candidates) {
  const Paths paths = TRY(read(repository, found.snapshot, source));
  const WallTime time = TRY(found.snapshot.time.to_wall());
  std::string wrong = "nothing was being saved";
  for (const Remembered& candidate : candidates) {
    if (candidate.time != time) continue;
    wrong = difference(candidate.paths, paths);
    if (!wrong.empty()) continue;
    const std::vector<std::string>& tags = found.snapshot.tags;
    model.snapshots[found.id] = {time, {tags.begin(), tags.end()}, candidate.paths};
    return {};
  }
  return error(Code::Corrupt, "WRONG: {}", wrong);
}

}  // namespace firebreak
