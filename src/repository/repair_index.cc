#include "repository/repair_index.h"

#include <algorithm>

#include "base/task_group.h"
#include "repository/index_file.h"
#include "repository/index_rewrite.h"
#include "repository/out_of_place.h"
#include "repository/pack_check.h"
#include "repository/pack_table.h"

namespace firebreak {
namespace {

// The packs whose header must be read. Marks those that the index may not name as it does.
PackListing packs_to_read(const PackTable& packs, const PackListing& listing, bool all,
                          std::vector<bool>& dropped) {
  PackListing wanted;
  for (const ListedPack& listed : listing) {
    const std::optional<std::size_t> pack = packs.find(listed.id);
    const bool right = pack && packs.file_size(*pack) == listed.size &&
                       layout_problem(packs.entries(*pack)).empty();
    if (!right || all) wanted.push_back(listed);
  }
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    const bool gone = find_pack(listing, packs.id(pack)) == nullptr;
    dropped[pack] = gone || find_pack(wanted, packs.id(pack)) != nullptr;
  }
  return wanted;
}

class HeaderReader {
 public:
  HeaderReader(const Repository& repository, const PackTable& packs, IndexWriter& writer,
               const EachFinding& each, Progress& progress)
      : repository_(repository), packs_(packs), writer_(writer), each_(each), progress_(progress) {}

  // Adds what the header says to the writer. A pack whose header cannot be read keeps its entry: it
  // is then the only record of where the blobs lie.
  Result<void> read(const ListedPack& listed, std::stop_token stop) {
    Result<std::vector<PackEntry>> header =
        load_pack_header(repository_, listed.id, listed.size, stop);
    ++progress_.done;
    const std::optional<std::size_t> pack = packs_.find(listed.id);
    if (header.ok()) {
      if (!pack || packs_.entries(*pack) != *header) ++added_;
      return writer_.add({listed.id, std::move(header).value()}, stop);
    }
    const Error& problem = header.error();
    if (is(problem, Code::NotFound)) {
      return error(Code::Corrupt, "nothing was changed: {}",
                   listed_and_not_found(listed.id).message);
    }
    if (is(problem, Code::Canceled) || stop.stop_requested()) return problem;
    report({is_damage(problem) ? FindingKind::PackDamaged : FindingKind::Unchecked,
            problem.message(),
            {},
            listed.id,
            {}});
    if (!pack) return {};
    return writer_.add({listed.id, packs_.entries(*pack)}, stop);
  }

  std::uint64_t added() const { return added_; }

 private:
  void report(const Finding& finding) {
    const MutexLock lock(mutex_);
    ++progress_.errors;
    each_(finding);
  }

  const Repository& repository_;
  const PackTable& packs_;
  IndexWriter& writer_;
  const EachFinding& each_;
  Progress& progress_;
  Mutex mutex_;
  std::atomic<std::uint64_t> added_ = 0;
};

}  // namespace

Result<RepairIndexSummary> repair_index(Repository& repository, const RepairIndexOptions& options,
                                        RepositoryLock& lock, const EachFinding& each,
                                        Progress& progress, std::stop_token stop) {
  TRY(repository.load_index(OnBroken::Skip, stop));
  TRY(refuse_misplaced_packs(repository, stop));
  for (const Index::BrokenFile& file : repository.index().broken()) {
    TRY(refuse_if_whole(repository.backend(), {FileType::Index, file.id.hex()}, stop)
            .context("nothing was changed"));
  }
  const PackTable packs(repository.index().tables());
  PackListing listing = TRY(list_packs(repository.backend(), stop));
  TRY(add_unlisted(repository.backend(), packs, listing, stop));
  std::vector<bool> dropped(packs.size());
  const PackListing wanted = packs_to_read(packs, listing, options.read_all_packs, dropped);
  RepairIndexSummary summary;
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    if (find_pack(listing, packs.id(pack)) == nullptr) ++summary.packs_dropped;
  }
  progress.total = wanted.size();
  IndexWriter writer(repository, lock);
  HeaderReader reader(repository, packs, writer, each, progress);
  const auto read = [&](std::size_t number, std::stop_token stopped) {
    return reader.read(wanted[number], stopped);
  };
  TRY(for_each_number(wanted.size(), repository.backend().connections(), read, stop));
  summary.packs_read = wanted.size();
  summary.packs_added = reader.added();

  const std::vector<IndexId> files = repository.index().index_files();
  const std::vector<IndexId> rewritten =
      TRY(rewrite_index(repository, packs, files, dropped, OnBroken::Skip, writer, stop));
  std::vector<FileName> obsolete;
  for (const IndexId& id : rewritten) obsolete.push_back({FileType::Index, id.hex()});
  TRY(writer.finish(stop));
  for (const Index::BrokenFile& file : repository.index().broken()) {
    obsolete.push_back({FileType::Index, file.id.hex()});
  }
  TRY(remove_files(repository.backend(), obsolete, lock, stop));
  summary.files_written = writer.files_written();
  summary.files_removed = obsolete.size();
  return summary;
}

}  // namespace firebreak
