#include <algorithm>

#include "base/text.h"
#include "model/world.h"
#include "repository/copy.h"
#include "repository/pack_table.h"
#include "repository/repair_index.h"
#include "repository/repair_packs.h"
#include "snapshot/reachable.h"
#include "snapshot/repair.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

std::map<FileName, Bytes> without_locks(const MemoryBackend& store) {
  std::map<FileName, Bytes> files = store.files();
  std::erase_if(files, [](const auto& file) { return file.first.type == FileType::Lock; });
  return files;
}

std::vector<FileName> files_of(const MemoryBackend& store, FileType type) {
  std::vector<FileName> names;
  for (const auto& [file, bytes] : store.files()) {
    if (file.type == type) names.push_back(file);
  }
  return names;
}

}  // namespace

Result<void> World::copy_between(Site& from, Site& to, Random& random, Intent& intent) {
  const std::map<FileName, Bytes> before = without_locks(from.store);
  {
    const auto source = TRY(from.open(random));
    const auto destination = TRY(to.open(random));
    const auto source_lock = TRY(from.lock(*source, LockKind::Shared, clock_));
    const auto lock = TRY(to.lock(*destination, LockKind::Shared, clock_));
    TRY(destination->distrust_unlisted_packs({}));
    std::set<WallTime> there;
    for (const auto& [id, remembered] : to.model.snapshots) there.insert(remembered.time);
    std::vector<FoundSnapshot> chosen;
    std::vector<ReachableRoot> roots;
    for (const FoundSnapshot& found : TRY(load_snapshots(*source, {}))) {
      const Remembered& remembered = from.model.snapshots.at(found.id);
      if (there.contains(remembered.time) || random.below(3) == 0) continue;
      chosen.push_back(found);
      roots.push_back({found.id.brief(), found.snapshot.tree});
      intent.candidates.push_back(remembered);
    }
    BlobSet wanted(source->index().tables());
    const ReachableVisitor visitor{
        [&](BlobType type, const BlobId& id) { return wanted.insert(type, id); },
        [](const std::string&, const Error& problem) -> Result<void> { return problem; }};
    TRY(visit_reachable(*source, roots, visitor, 2, {}));
    Progress progress;
    BlobSaver::Options options;
    options.pack_size = random.below(2) == 0 ? kPackSizeDefault : 4096;
    TRY(copy_blobs(*source, *destination, wanted, options, progress, {}));
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      TRY(lock->held({}));
      const SnapshotId id = TRY(save_snapshot(*destination, chosen[i].snapshot, {}));
      to.model.snapshots[id] = intent.candidates[i];
    }
  }
  if (without_locks(from.store) == before) return {};
  return error(Code::Corrupt, "WRONG: copy changed the repository that it read");
}

Result<void> World::tag(Random& random) {
  Site& site = any_site(random);
  tick();
  Intent intent;
  plan_cut(site, random);
  Result<void> done = tag_site(site, random, intent);
  return settle(site, std::move(done), intent, random);
}

Result<void> World::tag_site(Site& site, Random& random, Intent& intent) {
  const auto repository = TRY(site.open(random));
  const auto lock = TRY(site.lock(*repository, LockKind::Exclusive, clock_));
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(*repository, {}));
  if (all.empty()) return {};
  const FoundSnapshot& old = all[random.below(all.size())];
  Remembered remembered = site.model.snapshots.at(old.id);
  intent = {{old.id}, {remembered}};
  Snapshot changed = old.snapshot;
  if (!remembered.tags.insert("keep").second) remembered.tags.clear();
  changed.tags = {remembered.tags.begin(), remembered.tags.end()};
  const SnapshotId id = TRY(replace_snapshot(*repository, *lock, old, std::move(changed), {}));
  site.model.snapshots.erase(old.id);
  site.model.snapshots[id] = std::move(remembered);
  return {};
}

Result<void> World::repair_index(Random& random) {
  Site& site = any_site(random);
  tick();
  plan_cut(site, random);
  Result<void> done = repair_index_of(site, random);
  return settle(site, std::move(done), {}, random);
}

Result<void> World::repair_index_of(Site& site, Random& random) {
  const auto repository = TRY(site.open(random, OnBroken::Skip));
  const auto lock = TRY(site.lock(*repository, LockKind::Exclusive, clock_));
  Progress progress;
  const RepairIndexOptions options{random.below(2) == 0};
  TRY(firebreak::repair_index(*repository, options, *lock, [](const Finding&) {}, progress, {}));
  return {};
}

Result<void> World::repair_packs_of(Site& site, Random& random,
                                    const std::vector<PackId>& damaged) {
  const auto repository = TRY(site.open(random));
  const auto lock = TRY(site.lock(*repository, LockKind::Exclusive, clock_));
  Progress progress;
  const RepairPacksOptions options{.give_up_lost = true};
  TRY(firebreak::repair_packs(*repository, damaged, nullptr, options, *lock, [](const Finding&) {},
                              progress, {}));
  return {};
}

Result<std::vector<PackEntry>> World::indexed(Site& site, Random& random, const FileName& pack) {
  const auto repository = TRY(site.open(random, OnBroken::Skip));
  const PackTable packs(repository->index().tables());
  const std::optional<std::size_t> number = packs.find(*PackId::parse(pack.name));
  return number ? packs.entries(*number) : std::vector<PackEntry>();
}

// What of a pack cut short is before the cut must have been kept.
Result<void> World::expect_salvaged(Site& site, Random& random,
                                    const std::vector<PackEntry>& entries, std::uint64_t left) {
  const auto repository = TRY(site.open(random));
  for (const PackEntry& entry : entries) {
    if (entry.offset + entry.length > left) continue;
    TRY(repository->load_blob(entry.type, entry.id, {}, {})
            .context("WRONG: a blob before the cut was given up"));
  }
  return {};
}

Result<void> World::damage(Random& random) {
  Site& site = any_site(random);
  site.backend.set_plan({});
  std::vector<FileName> packs = files_of(site.store, FileType::Pack);
  const std::vector<FileName> indexes = files_of(site.store, FileType::Index);
  if (packs.empty() || indexes.empty()) return {};
  std::map<FileName, Bytes> files = site.store.files();
  const std::uint64_t how = random.below(4);
  const FileName& pack = packs[random.below(packs.size())];
  if (how == 0) files.erase(indexes[random.below(indexes.size())]);
  if (how == 1 || how == 3) files.erase(pack);
  const std::size_t half = files.contains(pack) ? files[pack].size() / 2 : 0;
  if (how == 2) files[pack].resize(half);
  if (how == 3) files.erase(indexes[random.below(indexes.size())]);
  // What a power cut has left outside every index, nobody misses.
  const std::vector<PackEntry> entries = TRY(indexed(site, random, pack));
  site.store.set_files(std::move(files));
  const bool is_cut = !entries.empty() && how == 2;
  if (!entries.empty() && (how == 1 || how == 2)) {
    const auto repository = TRY(site.open(random, OnBroken::Skip));
    std::vector<Finding> damage;
    TRY(site.check_all(*repository, damage));
    const bool is_named = std::any_of(damage.begin(), damage.end(), [&](const Finding& finding) {
      return finding.pack && finding.pack->hex() == pack.name;
    });
    if (!is_named) return error(Code::Corrupt, "WRONG: check does not name a damaged pack");
  }
  if (random.below(2) == 0) TRY(back_up_on_damage(site, random));
  if (random.below(2) == 0 || !is_cut) TRY(repair_index_of(site, random).context("repair index"));
  if (is_cut) {
    const PackId id = TRY(PackId::parse(pack.name));
    TRY(repair_packs_of(site, random, {id}).context("repair packs"));
    TRY(expect_salvaged(site, random, entries, half));
  }
  TRY(repair_snapshots_of(site, random).context("repair snapshots"));
  if (random.below(2) == 0) TRY(prune_site(site, random).context("prune after repair"));
  return {};
}

// A backup on top of damage must be whole, whatever its parent has lost.
Result<void> World::back_up_on_damage(Site& site, Random& random) {
  const auto repository = TRY(site.open(random));
  const auto lock = TRY(site.lock(*repository, LockKind::Shared, clock_));
  tick();
  const ArchiveReport report = TRY(archive_into(*repository, *lock, {}, random, clock_));
  const auto again = TRY(site.open(random));
  TRY(again->distrust_unlisted_packs({}));
  const Paths found = TRY(site.read(*again, report.snapshot, source_.root())
                              .context("WRONG: a backup on top of damage has holes"));
  const Paths meant = source_.paths();
  const std::string wrong = difference(meant, found);
  if (!wrong.empty()) return error(Code::Corrupt, "WRONG, a backup on top of damage: {}", wrong);
  site.model.snapshots[*report.id] = {clock_.now(), {}, meant};
  return {};
}

Result<void> World::repair_snapshots_of(Site& site, Random& random) {
  const auto repository = TRY(site.open(random, OnBroken::Skip));
  const auto lock = TRY(site.lock(*repository, LockKind::Exclusive, clock_));
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(*repository, {}));
  Losses losses;
  BlobSaver saver(*repository, {}, {});
  SnapshotRepairer repairer(*repository, saver, [&](const std::string& path, const std::string&) {
    losses.insert(path);
  });
  std::vector<BlobId> trees;
  for (const FoundSnapshot& found : all) {
    const BlobId tree = TRY(repairer.repair(found.snapshot.tree, {}));
    trees.push_back(tree);
  }
  TRY(saver.finish());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (trees[i] == all[i].snapshot.tree) continue;
    Snapshot changed = all[i].snapshot;
    changed.tree = trees[i];
    const SnapshotId id = TRY(replace_snapshot(*repository, *lock, all[i], changed, {}));
    TRY(adopt_repaired(site, *repository, all[i].id, id, losses));
  }
  return {};
}

// What differs from the model must have been called lost. From now on it is as it is.
Result<void> World::adopt_repaired(Site& site, Repository& repository, const SnapshotId& old,
                                   const SnapshotId& repaired, const Losses& losses) {
  const Snapshot snapshot = TRY(load_snapshot(repository, repaired, {}));
  const Paths found = TRY(site.read(repository, snapshot, source_.root()));
  Remembered remembered = site.model.snapshots.at(old);
  const auto is_lost = [&](const std::string& path) {
    std::string whole = printable(source_.root() + "/" + path);
    for (; !whole.empty(); whole.resize(whole.rfind('/'))) {
      if (losses.contains(whole)) return true;
    }
    return losses.contains("/");
  };
  std::set<std::string> cut_links;  // by their first names: some other name was lost
  for (auto& [path, value] : remembered.paths) {
    value.any = is_lost(path);
    if (value.any && !value.first_name.empty()) cut_links.insert(value.first_name);
  }
  for (auto& [path, value] : remembered.paths) {
    const auto left = found.find(path);
    if (left == found.end() || !cut_links.contains(value.first_name)) continue;
    value.first_name = left->second.first_name;
  }
  const std::string wrong = difference(remembered.paths, found);
  if (!wrong.empty()) return error(Code::Corrupt, "WRONG, lost without a word: {}", wrong);
  remembered.paths = found;
  site.model.snapshots.erase(old);
  site.model.snapshots[repaired] = std::move(remembered);
  return {};
}

Result<void> World::change_keys(Random& random) {
  Site& site = any_site(random);
  tick();
  site.backend.set_plan({});
  const std::string opened_by = site.any_password(random);
  const auto repository =
      TRY(Repository::open(site.backend, opened_by, "", source_.root() + "-cache", {}));
  if (site.model.passwords.size() < 4 && random.below(3) != 0) {
    const std::string password = fmt::format("password {}", ++next_password_);
    TRY(add_key(site.backend, repository->sealer().key(), password, kHarness, clock_.now(),
                kLeastScrypt, {}));
    site.model.passwords.insert(password);
    return {};
  }
  const std::string doomed = site.any_password(random);
  if (doomed == opened_by) return {};
  const OpenedKey key = TRY(find_key(site.backend, doomed, "", {}));
  TRY(site.backend.remove({FileType::Key, key.id.hex()}, {}));
  site.model.passwords.erase(doomed);
  if (find_key(site.backend, doomed, "", {}).ok()) {
    return error(Code::Corrupt, "WRONG: a removed password still opens");
  }
  return {};
}

}  // namespace firebreak
