// A source, two repositories with their models, a clock, and everything that a person may do with
// them. An operation ends with an error where repository and model disagree, and only there.
#pragma once

#include "model/site.h"
#include "model/source_tree.h"
#include "snapshot/archiver.h"

namespace firebreak {

class World {
 public:
  // `folder` is emptied.
  explicit World(const std::string& folder);

  using Operation = Result<void> (World::*)(Random&);

  Result<void> change_source(Random& random);
  Result<void> back_up(Random& random);
  // While files change.
  Result<void> back_up_moving(Random& random);
  // Two writers at once, neither of which lets an exclusive lock in.
  Result<void> back_up_twice(Random& random);
  Result<void> forget(Random& random);
  Result<void> prune(Random& random);
  Result<void> copy(Random& random);
  Result<void> tag(Random& random);
  Result<void> repair_index(Random& random);
  // Lost packs and index files: a check must see it, a backup on top must be whole, and the
  // repairs must name everything they give up.
  Result<void> damage(Random& random);
  Result<void> change_keys(Random& random);
  Result<void> move_clock(Random& random);

  // Both repositories.
  Result<void> verify(Random& random);

  std::uint64_t cuts() const { return cuts_; }

 private:
  // What an operation may leave when the power fails in it.
  struct Intent {
    std::set<SnapshotId> doomed{};
    std::vector<Remembered> candidates{};
  };

  Site& any_site(Random& random) { return random.below(4) == 0 ? second_ : first_; }
  void plan_cut(Site& site, Random& random);
  // `done` as it is where no power cut was planned; otherwise what the cut left, made good.
  Result<void> settle(Site& site, Result<void> done, const Intent& intent, Random& random);
  void tick();

  struct Run {
    std::set<std::string> tags{};
    std::function<void()> on_entry{};  // for every entry that is about to be read
  };
  Result<ArchiveReport> archive_into(Repository& repository, RepositoryLock& lock, const Run& run,
                                     Random& random, Clock& clock);
  Result<void> forget_site(Site& site, Random& random, Intent& intent);
  Result<void> prune_site(Site& site, Random& random);
  Result<void> copy_between(Site& from, Site& to, Random& random, Intent& intent);
  Result<void> tag_site(Site& site, Random& random, Intent& intent);
  Result<std::vector<PackEntry>> indexed(Site& site, Random& random, const FileName& pack);
  Result<void> repair_index_of(Site& site, Random& random);
  Result<void> repair_packs_of(Site& site, Random& random, const std::vector<PackId>& damaged);
  Result<void> expect_salvaged(Site& site, Random& random, const std::vector<PackEntry>& entries,
                               std::uint64_t left);
  // What repair said is lost, by absolute path: files in part, folders with all below.
  using Losses = std::set<std::string>;
  Result<void> back_up_on_damage(Site& site, Random& random);
  Result<void> repair_snapshots_of(Site& site, Random& random);
  Result<void> adopt_repaired(Site& site, Repository& repository, const SnapshotId& old,
                              const SnapshotId& repaired, const Losses& losses);

  FakeClock clock_;
  SourceTree source_;
  Site first_;
  Site second_;
  std::set<WallTime> used_times_;
  bool cut_planned_ = false;
  std::uint64_t cuts_ = 0;
  std::uint64_t next_password_ = 0;
};

struct NamedOperation {
  const char* name;
  World::Operation run;
  unsigned weight;
};
const std::vector<NamedOperation>& operations();

}  // namespace firebreak
