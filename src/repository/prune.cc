#include "repository/prune.h"

#include <algorithm>

#include "base/task_group.h"
#include "repository/blob_saver.h"
#include "repository/blob_stream.h"
#include "repository/index_rewrite.h"

namespace firebreak {
namespace {

// Which of the copies that are to stand for others turn out damaged.
Result<std::set<BlobCopy>> damaged_copies(const Repository& repository, const PrunePlan& plan,
                                          std::stop_token stop) {
  Mutex mutex;
  std::set<BlobCopy> damaged;
  const auto read = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
    const std::uint32_t row = plan.relied[number];
    const PackTable::Place place{plan.packs.pack_of(row), row};
    const Result<Bytes> plain = load_row(repository, plan.packs, place, stopped);
    if (plain.ok()) return {};
    const Error& problem = plain.error();
    if (!is(problem, Code::Corrupt) && !is(problem, Code::NotFound)) return problem;
    const MutexLock lock(mutex);
    damaged.insert({place.pack, plan.packs.row(row).offset});
    return {};
  };
  TRY(for_each_number(plan.relied.size(), repository.backend().connections(), read, stop));
  return damaged;
}

Result<void> move_blobs(Repository& repository, const PrunePlan& plan, Progress& progress,
                        std::stop_token stop) {
  // Otherwise the blobs would count as stored where they are about to go.
  std::unordered_set<PackId> leaving;
  for (std::size_t pack = 0; pack < plan.packs.size(); ++pack) {
    if (plan.fates[pack] != PackFate::Keep) leaving.insert(plan.packs.id(pack));
  }
  repository.index().distrust(std::move(leaving));
  BlobSaver saver(repository, {}, stop);
  const auto save = [&](const PackEntry& entry, ByteView plain) -> Result<void> {
    TRY(saver.save_known(entry.type, entry.id, plain));
    return {};
  };
  TRY(stream_blobs(repository, plan.packs, plan.moved, save, progress, stop));
  return saver.finish();
}

}  // namespace

Result<PrunePlan> plan_prune(Repository& repository, const FindUsed& find_used,
                             const PruneOptions& options, std::stop_token stop) {
  PackListing listing = TRY(list_packs(repository.backend(), stop));
  TRY(repository.load_index(OnBroken::Fail, stop));
  const BlobSet used = TRY(find_used(stop));
  const PackTable packs(repository.index().tables());
  TRY(add_unlisted(repository.backend(), packs, listing, stop));
  PruneInput input{
      packs, repository.index().index_files(), std::move(listing), {}, repository.version()};
  while (true) {
    PrunePlan plan = TRY(decide_prune(input, used, options));
    const std::set<BlobCopy> damaged = TRY(damaged_copies(repository, plan, stop));
    if (damaged.empty()) return plan;
    input.damaged.insert(damaged.begin(), damaged.end());
  }
}

Result<void> execute_prune(Repository& repository, const PrunePlan& plan, RepositoryLock& lock,
                           Progress& progress, std::stop_token stop) {
  std::vector<bool> dropped(plan.packs.size());
  std::vector<FileName> packs;
  for (std::size_t pack = 0; pack < plan.packs.size(); ++pack) {
    dropped[pack] = plan.fates[pack] != PackFate::Keep;
    const bool exists = plan.fates[pack] != PackFate::Forget;
    if (dropped[pack] && exists) packs.push_back({FileType::Pack, plan.packs.id(pack).hex()});
  }
  for (const ListedPack& pack : plan.unreferenced) {
    packs.push_back({FileType::Pack, pack.id.hex()});
  }
  if (std::find(plan.moved.begin(), plan.moved.end(), true) != plan.moved.end()) {
    TRY(move_blobs(repository, plan, progress, stop));
  }
  // Also after a prune that was killed between its index files and its packs.
  const bool index_changes = std::find(dropped.begin(), dropped.end(), true) != dropped.end();
  if (index_changes || !plan.unreferenced.empty()) {
    // An index never names a pack that is gone: this comes before the first pack.
    TRY(drop_from_index(repository, plan.packs, plan.index_files, dropped, lock, stop));
  }
  return remove_files(repository.backend(), packs, lock, stop);
}

}  // namespace firebreak
