#include "model/world.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "repository/copy.h"
#include "repository/prune.h"
#include "repository/repair_index.h"
#include "snapshot/reachable.h"
#include "snapshot/retention.h"

namespace firebreak {
namespace {

constexpr WallTime kStart{std::chrono::hours(500'000)};
constexpr std::uint64_t kCallsMax = 60;  // more than most operations make

std::string emptied(const std::string& folder) {
  std::filesystem::remove_all(folder);
  return folder;
}

BlobSaver::Options any_saving(Random& random) {
  BlobSaver::Options options;
  const Compression levels[] = {Compression::Off, Compression::Fastest, Compression::Auto};
  options.compression = levels[random.below(3)];
  const std::size_t sizes[] = {1, 600, 4096, kPackSizeDefault};
  options.pack_size = sizes[random.below(4)];
  return options;
}

}  // namespace

const std::vector<NamedOperation>& operations() {
  static const std::vector<NamedOperation> all = {
      {"change source", &World::change_source, 10},
      {"back up", &World::back_up, 8},
      {"back up moving", &World::back_up_moving, 3},
      {"back up twice", &World::back_up_twice, 2},
      {"forget", &World::forget, 4},
      {"prune", &World::prune, 5},
      {"copy", &World::copy, 3},
      {"tag", &World::tag, 2},
      {"repair index", &World::repair_index, 2},
      {"damage", &World::damage, 2},
      {"change keys", &World::change_keys, 1},
      {"move clock", &World::move_clock, 2},
  };
  return all;
}

World::World(const std::string& folder)
    : clock_(kStart),
      source_(emptied(folder) + "/source"),
      first_(folder + "/first", "first", clock_),
      second_(folder + "/second", "second", clock_) {}

Result<void> World::verify(Random& random) {
  TRY(first_.verify(random, source_.root()).context("first repository"));
  return second_.verify(random, source_.root()).context("second repository");
}

// Some operations lose their store at a random call, with or without that call being done.
void World::plan_cut(Site& site, Random& random) {
  site.backend.set_plan({});
  cut_planned_ = random.below(4) == 0;
  if (!cut_planned_) return;
  FaultRule at;
  at.fault = random.below(2) == 0 ? Fault::Fail : Fault::LoseAnswer;
  at.code = random.below(2) == 0 ? Code::Unavailable : Code::UnknownOutcome;
  at.first = 1 + random.below(kCallsMax);
  FaultRule after;
  after.first = at.first + 1;
  after.count = kForEver;
  site.backend.set_plan({at, after});
}

Result<void> World::settle(Site& site, Result<void> done, const Intent& intent, Random& random) {
  const bool cut = site.backend.faults() > 0;
  site.backend.set_plan({});
  if (!std::exchange(cut_planned_, false) || !cut) return done;
  ++cuts_;
  if (done.ok()) return site.unlock();  // only the lock was left to remove
  return site.reconcile(random, source_.root(), intent.doomed, intent.candidates)
      .context("after a power cut ({})", done.error().message());
}

// No two snapshots of one time, so that their order is plain.
void World::tick() {
  do {
    clock_.advance(std::chrono::seconds(1));
  } while (!used_times_.insert(clock_.now()).second);
}

Result<void> World::change_source(Random& random) {
  for (std::uint64_t count = 1 + random.below(5); count > 0; --count) source_.mutate(random);
  return {};
}

Result<void> World::move_clock(Random& random) {
  const std::chrono::minutes far[] = {std::chrono::minutes(7), std::chrono::hours(1),
                                      std::chrono::hours(30), std::chrono::hours(24 * 40)};
  const Nanoseconds by = far[random.below(4)];
  clock_.jump(random.below(2) == 0 ? by : -by);
  return {};
}

Result<ArchiveReport> World::archive_into(Repository& repository, RepositoryLock& lock,
                                          const Run& run, Random& random, Clock& clock) {
  TRY(repository.distrust_unlisted_packs({}));
  ArchiveOptions options;
  options.targets = {source_.root()};
  options.by = kHarness;
  options.tags = {run.tags.begin(), run.tags.end()};
  options.saving = any_saving(random);
  options.workers = 1 + static_cast<unsigned>(random.below(2));
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(repository, {}));
  const bool with_parent = !all.empty() && random.below(4) != 0;
  if (with_parent)
    options.parent = all[random.below(2) == 0 ? all.size() - 1 : random.below(all.size())];
  options.select = [&](const std::string&, const struct stat&) {
    if (run.on_entry) run.on_entry();
    return true;
  };
  ArchiveProgress progress;
  return archive(repository, &lock, options, progress, clock, {});
}

Result<void> World::back_up(Random& random) {
  Site& site = any_site(random);
  Intent intent;
  plan_cut(site, random);
  const auto run = [&]() -> Result<void> {
    const auto repository = TRY(site.open(random));
    const auto lock = TRY(site.lock(*repository, LockKind::Shared, clock_));
    tick();
    Run how;
    if (random.below(3) == 0) how.tags = {"keep"};
    const Remembered meant{clock_.now(), how.tags, source_.paths()};
    intent.candidates = {meant};
    const ArchiveReport report = TRY(archive_into(*repository, *lock, how, random, clock_));
    if (report.errors != 0) return error(Code::Corrupt, "a source could not be read");
    site.model.snapshots[*report.id] = meant;
    return {};
  };
  Result<void> done = run();
  return settle(site, std::move(done), intent, random);
}

Result<void> World::back_up_moving(Random& random) {
  Site& site = any_site(random);
  const auto repository = TRY(site.open(random));
  const auto lock = TRY(site.lock(*repository, LockKind::Shared, clock_));
  tick();
  std::set<std::string> disturbed;
  Mutex mutex;
  Random entries(random.next());
  Run how;
  how.on_entry = [&] {
    const MutexLock locked(mutex);
    if (entries.below(6) != 0) return;
    for (const std::string& name : source_.disturb(entries)) disturbed.insert(name);
  };
  Paths before = source_.paths();
  const ArchiveReport report = TRY(archive_into(*repository, *lock, how, random, clock_));
  for (const auto& [path, value] : source_.paths()) before.try_emplace(path, value);
  for (const std::string& name : disturbed) before[name].any = true;
  const Paths found = TRY(site.read(*repository, report.snapshot, source_.root()));
  if (const std::string wrong = difference(before, found); !wrong.empty()) {
    return error(Code::Corrupt, "WRONG, a backup while \"{}\" changed: {}",
                 fmt::join(disturbed, "\", \""), wrong);
  }
  // What it was when it was read, it is from now on.
  site.model.snapshots[*report.id] = {clock_.now(), {}, found};
  return {};
}

Result<void> World::back_up_twice(Random& random) {
  Site& site = any_site(random);
  tick();
  const auto one = TRY(site.open(random));
  const auto other = TRY(site.open(random));
  const auto first_lock = TRY(site.lock(*one, LockKind::Shared, clock_));
  const auto second_lock = TRY(site.lock(*other, LockKind::Shared, clock_));
  if (!failed_with(site.lock(*one, LockKind::Exclusive, clock_), Code::Conflict)) {
    return error(Code::Corrupt, "an exclusive lock beside two writers");
  }
  tick();
  const WallTime first_time = clock_.now();
  tick();
  const WallTime second_time = clock_.now();
  FakeClock first_clock(first_time);
  FakeClock second_clock(second_time);
  Random first_random(random.next());
  Random second_random(random.next());
  Result<ArchiveReport> first = error(Code::Canceled, "not run");
  std::thread writer([&] {
    first = archive_into(*one, *first_lock, {{"one"}, {}}, first_random, first_clock);
  });
  Result<ArchiveReport> second =
      archive_into(*other, *second_lock, {{"two"}, {}}, second_random, second_clock);
  writer.join();
  const ArchiveReport first_report = TRY(std::move(first));
  const ArchiveReport second_report = TRY(std::move(second));
  site.model.snapshots[*first_report.id] = {first_time, {"one"}, source_.paths()};
  site.model.snapshots[*second_report.id] = {second_time, {"two"}, source_.paths()};
  return {};
}

Result<void> World::forget(Random& random) {
  Site& site = any_site(random);
  tick();
  Intent intent;
  plan_cut(site, random);
  Result<void> done = forget_site(site, random, intent);
  return settle(site, std::move(done), intent, random);
}

Result<void> World::forget_site(Site& site, Random& random, Intent& intent) {
  const auto repository = TRY(site.open(random));
  const auto lock = TRY(site.lock(*repository, LockKind::Exclusive, clock_));
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(*repository, {}));
  const int last = static_cast<int>(random.below(6));
  RetentionRules rules;
  rules.policy.last = last;
  rules.policy.keep_tags = {{"keep"}};
  std::vector<SnapshotId> doomed;
  for (const GroupRetention& group : TRY(retain(all, rules, clock_.now()))) {
    for (const RetentionDecision& decision : group.decisions) {
      if (!decision.keep) doomed.push_back(all[decision.snapshot].id);
    }
  }
  intent.doomed = site.model.forgotten(last, "keep", clock_.now());
  if (std::set<SnapshotId>(doomed.begin(), doomed.end()) != intent.doomed) {
    return error(Code::Corrupt, "WRONG: the policy removes {} snapshots instead of {}",
                 doomed.size(), intent.doomed.size());
  }
  TRY(remove_snapshots(*repository, *lock, doomed, {}));
  for (const SnapshotId& id : doomed) site.model.snapshots.erase(id);
  return {};
}

Result<void> World::prune(Random& random) {
  Site& site = any_site(random);
  tick();
  plan_cut(site, random);
  Result<void> done = prune_site(site, random);
  return settle(site, std::move(done), {}, random);
}

Result<void> World::prune_site(Site& site, Random& random) {
  const auto repository = TRY(site.open(random));
  const auto lock = TRY(site.lock(*repository, LockKind::Exclusive, clock_));
  PruneOptions options;
  const MaxUnused limits[] = {UnusedBytes{0}, UnusedShare{5}, UnusedShare{50}, UnusedUnlimited{}};
  const std::uint64_t limit = random.below(4);
  options.max_unused = limits[limit];
  options.repack_uncompressed = random.below(4) == 0;
  options.repack_smaller_than = random.below(3) == 0 ? 5000 : 0;
  const FindUsed find_used = [&](std::stop_token) -> Result<BlobSet> {
    std::optional<Error> missing;
    BlobSet used = TRY(used_blobs(*repository, [&](const Error& problem) { missing = problem; }));
    if (missing) return *missing;
    return used;
  };
  options.may_remove_all = random.below(2) == 0;
  Result<PrunePlan> planned = plan_prune(*repository, find_used, options, {});
  // Asked to take everything, it wants to hear it twice.
  if (failed_with(planned, Code::Invalid) && !options.may_remove_all &&
      site.model.snapshots.empty()) {
    return {};
  }
  const PrunePlan plan = TRY(std::move(planned));
  Progress progress;
  TRY(execute_prune(*repository, plan, *lock, progress, {}));
  if (limit != 0) return {};
  // Nothing unused, nothing twice, nothing that no index names.
  const auto again = TRY(site.open(random));
  const PrunePlan next = TRY(
      plan_prune(*again, [&](std::stop_token) { return used_blobs(*again, [](const Error&) {}); },
                 options, {}));
  const std::uint64_t left = next.stats.blobs_unused.count + next.stats.blobs_duplicate.count +
                             next.stats.packs_unreferenced.count + next.stats.packs_removed.count;
  if (left != 0) return error(Code::Corrupt, "WRONG: a full prune leaves {} things", left);
  return {};
}

Result<void> World::copy(Random& random) {
  const bool forth = random.below(3) != 0;
  Site& from = forth ? first_ : second_;
  Site& to = forth ? second_ : first_;
  tick();
  Intent intent;
  plan_cut(to, random);
  Result<void> done = copy_between(from, to, random, intent);
  return settle(to, std::move(done), intent, random);
}

}  // namespace firebreak
