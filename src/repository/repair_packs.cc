#include "repository/repair_packs.h"

#include <algorithm>

#include "base/task_group.h"
#include "repository/blob_saver.h"
#include "repository/blob_stream.h"
#include "repository/index_rewrite.h"
#include "repository/out_of_place.h"
#include "repository/pack_check.h"
#include "repository/pack_table.h"

namespace firebreak {
namespace {

// Whether a blob has a sound copy outside `suspects`. Packs whose copy is not sound join them.
Result<bool> has_sound_copy(const Repository& repository, const PackTable& packs,
                            const IndexRow& row, std::vector<bool>& suspects,
                            std::vector<std::size_t>& found, std::stop_token stop) {
  for (const PackTable::Place& place : packs.places(row.type(), row.id)) {
    if (suspects[place.pack]) continue;
    const Result<Bytes> plain = load_row(repository, packs, place, stop);
    if (plain.ok()) return true;
    if (!is_damage(plain.error())) return plain.error();
    suspects[place.pack] = true;
    found.push_back(place.pack);
  }
  return false;
}

class PackRepair {
 public:
  PackRepair(Repository& repository, const PackTable& packs, const Repository* source,
             const EachFinding& each, std::stop_token stop)
      : repository_(repository),
        packs_(packs),
        source_(source),
        each_(each),
        saver_(repository, {}, std::move(stop)) {}

  // Stores anew what of the pack has no sound copy elsewhere. False where some of it is lost.
  Result<bool> rescue(std::size_t pack, std::stop_token stop) {
    bool whole = true;
    for (const std::uint32_t number : packs_.rows(pack)) {
      const IndexRow& row = packs_.row(number);
      if (repository_.index().contains(row.type(), row.id)) continue;
      const bool saved = TRY(rescue_blob({pack, number}, stop));
      whole = whole && saved;
    }
    return whole;
  }
  Result<void> finish() { return saver_.finish(); }
  void count(RepairPacksSummary& summary) const {
    summary.blobs_salvaged = salvaged_;
    summary.blobs_recovered = recovered_;
    summary.blobs_lost = lost_;
  }

 private:
  Result<bool> rescue_blob(const PackTable::Place& place, std::stop_token stop) {
    const IndexRow& row = packs_.row(place.row);
    Result<Bytes> plain = load_row(repository_, packs_, place, stop);
    // Another damaged pack may hold a sound copy.
    for (const PackTable::Place& other : packs_.places(row.type(), row.id)) {
      if (plain.ok() || !is_damage(plain.error())) break;
      if (other.row != place.row) plain = load_row(repository_, packs_, other, stop);
    }
    std::uint64_t* counted = &salvaged_;
    if (!plain.ok() && is_damage(plain.error()) && source_ != nullptr) {
      plain = source_->load_blob(row.type(), row.id, {}, stop);
      counted = &recovered_;
    }
    if (plain.ok()) {
      TRY(saver_.save_known(row.type(), row.id, *plain));
      ++*counted;
      return true;
    }
    if (!is_damage(plain.error())) return std::move(plain).error();
    ++lost_;
    each_({FindingKind::BlobMissing,
           fmt::format("{} blob {}: pack {} does not give it, and it has no other copy",
                       name(row.type()), row.id, packs_.id(place.pack)),
           {},
           packs_.id(place.pack),
           BlobKey{row.type(), row.id}});
    return false;
  }

  Repository& repository_;
  const PackTable& packs_;
  const Repository* source_;
  const EachFinding& each_;
  BlobSaver saver_;
  std::uint64_t salvaged_ = 0;
  std::uint64_t recovered_ = 0;
  std::uint64_t lost_ = 0;
};

// The packs to replace, and those that turn out damaged because copies in them are asked for.
Result<std::vector<std::size_t>> all_damaged(const Repository& repository, const PackTable& packs,
                                             const std::vector<PackId>& damaged,
                                             std::stop_token stop) {
  std::vector<bool> suspects(packs.size());
  std::vector<std::size_t> found;
  for (const PackId& id : damaged) {
    const std::optional<std::size_t> pack = packs.find(id);
    if (!pack) {
      return error(Code::NotFound,
                   "pack {} is in no index: firebreak repair index adds it if its header can be "
                   "read; otherwise nothing says what it holds",
                   id);
    }
    if (!suspects[*pack]) found.push_back(*pack);
    suspects[*pack] = true;
  }
  for (std::size_t at = 0; at < found.size(); ++at) {
    for (const std::uint32_t row : packs.rows(found[at])) {
      TRY(has_sound_copy(repository, packs, packs.row(row), suspects, found, stop));
    }
  }
  return found;
}

// Corrupt where a header is sound and the index says something else: what the index leaves out
// would go with the pack.
Result<void> compare_headers(const Repository& repository, const PackTable& packs,
                             const std::vector<std::size_t>& leaving, std::stop_token stop) {
  const PackListing listing = TRY(list_packs(repository.backend(), stop));
  for (const std::size_t pack : leaving) {
    const PackId& id = packs.id(pack);
    Result<FileInfo> file = repository.backend().stat({FileType::Pack, id.hex()}, stop);
    if (failed_with(file, Code::NotFound)) {
      if (find_pack(listing, id) == nullptr) continue;
      return error(Code::Corrupt, "nothing was changed: {}", listed_and_not_found(id).message)
          .on(Side::Repository);
    }
    const FileInfo found = TRY(std::move(file).on(Side::Repository));
    const Result<std::vector<PackEntry>> header =
        load_pack_header(repository, id, found.size, stop);
    if (!header.ok() && !is_damage(header.error())) return header.error();
    if (!header.ok() || *header == packs.entries(pack)) continue;
    return error(Code::Corrupt,
                 "nothing was changed: pack {} does not hold what the index says; first run "
                 "firebreak repair index --read-all-packs",
                 id)
        .on(Side::Repository);
  }
  return {};
}

}  // namespace

Result<RepairPacksSummary> repair_packs(Repository& repository, const std::vector<PackId>& damaged,
                                        const Repository* source, const RepairPacksOptions& options,
                                        RepositoryLock& lock, const EachFinding& each,
                                        Progress& progress, std::stop_token stop) {
  TRY(repository.load_index(OnBroken::Fail, stop));
  TRY(refuse_misplaced_packs(repository, stop));
  const PackTable packs(repository.index().tables());
  const std::vector<IndexId> files = repository.index().index_files();
  const std::vector<std::size_t> leaving = TRY(all_damaged(repository, packs, damaged, stop));
  TRY(compare_headers(repository, packs, leaving, stop));
  progress.total = leaving.size();
  // Otherwise their blobs would count as stored where they are about to go.
  std::unordered_set<PackId> distrusted;
  for (const std::size_t pack : leaving) distrusted.insert(packs.id(pack));
  repository.index().distrust(std::move(distrusted));

  RepairPacksSummary summary;
  PackRepair repair(repository, packs, source, each, stop);
  std::vector<bool> dropped(packs.size());
  std::vector<FileName> pack_files;
  for (const std::size_t pack : leaving) {
    const bool whole = TRY(repair.rescue(pack, stop));
    ++progress.done;
    if (whole || options.give_up_lost) {
      dropped[pack] = true;
      pack_files.push_back({FileType::Pack, packs.id(pack).hex()});
    }
  }
  TRY(repair.finish());
  repair.count(summary);
  summary.packs_replaced = pack_files.size();
  summary.packs_kept = leaving.size() - pack_files.size();
  if (pack_files.empty()) return summary;
  TRY(drop_from_index(repository, packs, files, dropped, lock, stop));
  TRY(remove_files(repository.backend(), pack_files, lock, stop));
  return summary;
}

}  // namespace firebreak
