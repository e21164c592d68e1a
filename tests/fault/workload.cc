#include "fault/workload.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/random.h"
#include "repository/blob_saver.h"
#include "repository/prune.h"
#include "snapshot/reachable.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

constexpr std::string_view kHostPrefix = "seed-";
const Identity kSomebody{"somebody", "harness"};

std::vector<Bytes> blobs_of(std::uint64_t seed) {
  std::vector<Bytes> blobs;
  for (const std::uint64_t stream : {seed % 2, seed + 100, seed + 200}) {
    Random random(stream);
    Bytes blob(200 + random.below(200));
    random.fill(blob);
    blobs.push_back(std::move(blob));
  }
  return blobs;
}

Result<std::unique_ptr<Repository>> open(Backend& backend, const std::string& cache) {
  auto repository = TRY(Repository::open(backend, kPassword, "", cache, {}));
  TRY(repository->load_index(OnBroken::Fail, {}));
  return repository;
}

Result<std::unique_ptr<RepositoryLock>> lock(Backend& backend, const Repository& repository,
                                             LockKind kind, Clock& clock) {
  const RepositoryLock::Options options{kind, kSomebody, 2, Nanoseconds(0), false};
  return RepositoryLock::acquire(backend, repository.sealer(), options, clock, {});
}

Result<std::uint64_t> seed_of(const Snapshot& snapshot) {
  std::string_view digits = snapshot.hostname;
  if (!digits.starts_with(kHostPrefix)) return error(Code::Corrupt, "a snapshot of nobody");
  digits.remove_prefix(kHostPrefix.size());
  std::uint64_t seed = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  return seed;
}

// Reads one snapshot to the last byte.
Result<std::uint64_t> check_snapshot(const Repository& repository, const Snapshot& snapshot) {
  const std::uint64_t seed = TRY(seed_of(snapshot));
  Bytes json = TRY(repository.load_blob(BlobType::Tree, snapshot.tree, {}, {}));
  const Tree tree = TRY(parse_tree(std::move(json)));
  const std::vector<Bytes> wanted = blobs_of(seed);
  const bool shaped = tree.nodes.size() == 1 && tree.nodes[0].content &&
                      tree.nodes[0].content->size() == wanted.size();
  if (!shaped) return error(Code::Corrupt, "another tree than was saved");
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const BlobId& id = (*tree.nodes[0].content)[i];
    const Bytes blob = TRY(repository.load_blob(BlobType::Data, id, {}, {}));
    if (blob != wanted[i]) return error(Code::Corrupt, "WRONG BYTES of blob {}", id);
  }
  return seed;
}

}  // namespace

Result<void> make_repository(Backend& backend, Clock& clock) {
  return Repository::init(backend, {std::string(kPassword), kSomebody, kCheapScrypt, {}}, clock,
                          {});
}

Result<SnapshotId> save_seeded(Backend& backend, const std::string& cache, std::uint64_t seed,
                               Clock& clock) {
  const auto repository = TRY(open(backend, cache));
  const auto held = TRY(lock(backend, *repository, LockKind::Shared, clock));
  TRY(repository->distrust_unlisted_packs({}));
  BlobSaver::Options saving;
  if (seed % 2 == 1) saving.pack_size = 1;
  BlobSaver saver(*repository, saving, {});
  Node file;
  file.name = "file";
  file.mode = 0600;
  file.content.emplace();
  for (const Bytes& blob : blobs_of(seed)) {
    const SavedBlob saved = TRY(saver.save(BlobType::Data, blob));
    file.content->push_back(saved.id);
    file.size += blob.size();
  }
  Tree root;
  root.nodes.push_back(std::move(file));
  const std::string tree = TRY(encode_tree(root));
  Snapshot snapshot;
  const SavedBlob saved_tree = TRY(saver.save(BlobType::Tree, as_bytes(tree)));
  snapshot.tree = saved_tree.id;
  TRY(saver.finish());
  TRY(held->held({}));
  snapshot.time = FileTime::from(clock.now());
  snapshot.paths = {"/file"};
  snapshot.hostname = fmt::format("{}{}", kHostPrefix, seed);
  return save_snapshot(*repository, snapshot, {});
}

Result<void> forget_seeded(Backend& backend, const std::string& cache, std::uint64_t seed,
                           Clock& clock) {
  const auto repository = TRY(open(backend, cache));
  const auto held = TRY(lock(backend, *repository, LockKind::Exclusive, clock));
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(*repository, {}));
  std::vector<SnapshotId> doomed;
  for (const FoundSnapshot& found : all) {
    const std::uint64_t its_seed = TRY(seed_of(found.snapshot));
    if (its_seed == seed) doomed.push_back(found.id);
  }
  return remove_snapshots(*repository, *held, doomed, {});
}

Result<void> prune_all(Backend& backend, const std::string& cache, Clock& clock) {
  const auto repository = TRY(Repository::open(backend, kPassword, "", cache, {}));
  const auto held = TRY(lock(backend, *repository, LockKind::Exclusive, clock));
  const FindUsed find_used = [&](std::stop_token stop) -> Result<BlobSet> {
    const std::vector<FoundSnapshot> all = TRY(load_snapshots(*repository, stop));
    BlobSet used(repository->index().tables());
    std::vector<ReachableRoot> roots;
    for (const FoundSnapshot& found : all) roots.push_back({found.id.brief(), found.snapshot.tree});
    const ReachableVisitor visitor{
        [&](BlobType type, const BlobId& id) { return used.insert(type, id); },
        [](const std::string&, const Error& problem) -> Result<void> { return problem; }};
    TRY(visit_reachable(*repository, roots, visitor, 1, stop));
    return used;
  };
  PruneOptions options;
  options.max_unused = UnusedBytes{0};
  const PrunePlan plan = TRY(plan_prune(*repository, find_used, options, {}));
  Progress progress;
  return execute_prune(*repository, plan, *held, progress, {});
}

Result<void> tag_all(Backend& backend, const std::string& cache, Clock& clock) {
  const auto repository = TRY(open(backend, cache));
  const auto held = TRY(lock(backend, *repository, LockKind::Exclusive, clock));
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(*repository, {}));
  for (const FoundSnapshot& found : all) {
    Snapshot changed = found.snapshot;
    changed.tags.push_back(fmt::format("tag-{}", changed.tags.size()));
    TRY(replace_snapshot(*repository, *held, found, std::move(changed), {}));
  }
  return {};
}

Result<void> add_second_key(Backend& backend, const std::string& cache, Clock& clock) {
  const auto repository = TRY(Repository::open(backend, kPassword, "", cache, {}));
  TRY(add_key(backend, repository->sealer().key(), "second", kSomebody, clock.now(), kCheapScrypt,
              {}));
  TRY(Repository::open(backend, "second", "", cache, {}));
  return {};
}

Result<void> unlock_all(Backend& backend, const std::string& cache) {
  const auto repository = TRY(Repository::open(backend, kPassword, "", cache, {}));
  TRY(remove_locks(backend, repository->sealer(), true, kWorkloadTime, kSomebody, {}));
  return {};
}

Result<std::vector<std::uint64_t>> seeds_of_intact(Backend& backend, const std::string& cache) {
  std::filesystem::remove_all(cache);
  const auto repository = TRY(open(backend, cache));
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(*repository, {}));
  std::vector<std::uint64_t> seeds;
  for (const FoundSnapshot& found : all) {
    const std::uint64_t seed =
        TRY(check_snapshot(*repository, found.snapshot).context("snapshot {}", found.id));
    seeds.push_back(seed);
  }
  return seeds;
}

}  // namespace firebreak
