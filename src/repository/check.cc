#include "repository/check.h"

#include <algorithm>
#include <thread>
#include <unordered_set>

#include "base/random.h"
#include "base/task_group.h"
#include "repository/key.h"
#include "repository/out_of_place.h"
#include "repository/pack_check.h"
#include "repository/pack_table.h"

namespace firebreak {
namespace {

constexpr std::size_t kReadMemory = 128 * 1024 * 1024;

// Hands findings on, one at a time, and counts them.
class Findings {
 public:
  Findings(const EachFinding& each, Progress& progress) : each_(each), progress_(progress) {}

  void add(const Finding& found) {
    const MutexLock lock(mutex_);
    if (is_hint(found.kind)) {
      ++hints_;
    } else {
      ++errors_;
      ++progress_.errors;
    }
    each_(found);
  }

  void count_into(CheckSummary& summary) const {
    const MutexLock lock(mutex_);
    summary.errors = errors_;
    summary.hints = hints_;
  }

 private:
  const EachFinding& each_;
  Progress& progress_;
  mutable Mutex mutex_;
  std::uint64_t errors_ GUARDED_BY(mutex_) = 0;
  std::uint64_t hints_ GUARDED_BY(mutex_) = 0;
};

// Reads every index file again: a cached table proves nothing about the file it was built from.
Result<void> check_index_files(const Repository& repository, const PackTable& packs,
                               Findings& findings, std::stop_token stop) {
  for (const Index::BrokenFile& file : repository.index().broken()) {
    Finding found{FindingKind::IndexDamaged, file.problem.message(), file.id, {}, {}};
    const Result<void> whole =
        refuse_if_whole(repository.backend(), {FileType::Index, file.id.hex()}, stop);
    if (!whole.ok()) {
      found.kind = is_damage(whole.error()) ? FindingKind::PackMisplaced : FindingKind::Unchecked;
      found.message = whole.error().message();
    }
    findings.add(found);
  }
  const std::vector<IndexId> files = repository.index().index_files();
  std::vector<std::atomic<std::uint8_t>> named(packs.size());
  const auto count_pack = [&](const PackId& id, const std::vector<PackEntry>&) -> Result<void> {
    const std::optional<std::size_t> pack = packs.find(id);
    if (!pack) return error(Code::Corrupt, "pack {} is missing in the local cache", id);
    if (named[*pack]++ == 1) {
      findings.add({FindingKind::PackRepeated,
                    fmt::format("pack {}: several index files name it", id),
                    {},
                    id,
                    {}});
    }
    return {};
  };
  const auto read = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
    Result<Bytes> json = repository.load_document(FileType::Index, files[number].hex(), stopped);
    Result<void> parsed =
        json.ok() ? parse_index(std::move(json).value(), count_pack) : Result<void>(json.error());
    if (parsed.ok()) return {};
    if (failed_with(parsed, Code::Canceled)) return parsed;
    findings.add({is_damage(parsed.error()) ? FindingKind::IndexDamaged : FindingKind::Unchecked,
                  fmt::format("index/{}: {}", files[number], parsed.error().message()),
                  files[number],
                  {},
                  {}});
    return {};
  };
  return for_each_number(files.size(), repository.backend().connections(), read, stop);
}

void check_layout(const PackTable& packs, std::size_t pack, Findings& findings) {
  const std::vector<PackEntry> entries = packs.entries(pack);
  const PackId& id = packs.id(pack);
  if (const std::string problem = layout_problem(entries); !problem.empty()) {
    findings.add({FindingKind::PackLayout, fmt::format("pack {}: {}", id, problem), {}, id, {}});
  }
  const auto other_type = [&](const PackEntry& entry) { return entry.type != entries[0].type; };
  if (std::any_of(entries.begin(), entries.end(), other_type)) {
    findings.add(
        {FindingKind::PackMixed, fmt::format("pack {}: holds trees and data", id), {}, id, {}});
  }
}

// Reports blobs of a missing pack that are used and have no other place.
void check_lost_blobs(const PackTable& packs, std::size_t lost, const std::vector<bool>& missing,
                      const BlobSet& used, Findings& findings) {
  for (const PackEntry& entry : packs.entries(lost)) {
    if (!used.contains(entry.type, entry.id)) continue;
    const std::vector<PackTable::Place> places = packs.places(entry.type, entry.id);
    const bool has_other = std::any_of(places.begin(), places.end(),
                                       [&](const auto& place) { return !missing[place.pack]; });
    // Of several missing packs the first reports it.
    if (has_other || places.front().pack != lost) continue;
    findings.add({FindingKind::BlobMissing,
                  fmt::format("{} blob {}: used, and its pack {} is missing", name(entry.type),
                              entry.id, packs.id(lost)),
                  {},
                  packs.id(lost),
                  BlobKey{entry.type, entry.id}});
  }
}

// Ends with the packs that would be there if they were moved back.
Result<std::unordered_set<PackId>> check_strays(const Repository& repository,
                                                const PackTable& packs, const PackListing& listing,
                                                Findings& findings, std::stop_token stop) {
  Backend& backend = repository.backend();
  const std::vector<Stray> strays = TRY(backend.find_strays(stop));
  for (const Stray& stray : strays) {
    Finding found{FindingKind::NotAFile, stray.path + ": is no file"};
    found.file = stray.file;
    if (stray.kind == StrayKind::Overwritten) {
      found.kind = FindingKind::FileOverwritten;
      found.message =
          stray.path + ": was overwritten; an older version of it is whole, and is read instead";
    }
    // restic takes the one for a file and reads it again and again, and of the other the new bytes.
    if (stray.kind != StrayKind::Misplaced) findings.add(found);
  }
  std::unordered_set<PackId> misplaced;
  for (const Stray& stray : TRY(find_misplaced_packs(backend, packs, listing, strays, stop))) {
    const PackId id = TRY(PackId::parse(stray.file.name));
    if (!misplaced.insert(id).second) continue;
    findings.add({FindingKind::PackMisplaced, describe_misplaced(stray), {}, id, {}});
  }
  return misplaced;
}

// Who opens the repository reads one of them; restic reads them all, and takes none for damaged.
Result<void> check_keys(const Repository& repository, Findings& findings, std::stop_token stop) {
  Backend& backend = repository.backend();
  for (const FileInfo& listed : TRY(list_all(backend, FileType::Key, stop))) {
    Finding found{FindingKind::KeyDamaged, {}};
    found.file = FileName{FileType::Key, listed.name};
    const Result<KeyFile> sound = load_key(backend, listed.name, stop);
    if (sound.ok()) continue;
    if (failed_with(sound, Code::Canceled)) return sound.error();
    found.message = sound.error().message();
    const bool damaged = is_damage(sound.error()) || failed_with(sound, Code::Invalid);
    if (!damaged) {
      found.kind = FindingKind::Unchecked;
    } else if (const Result<void> whole = refuse_if_whole(backend, *found.file, stop);
               !whole.ok() && is_damage(whole.error())) {
      found.kind = FindingKind::PackMisplaced;
      found.message = whole.error().message();
    }
    findings.add(found);
  }
  return {};
}

void check_packs(const PackTable& packs, const PackListing& listing,
                 const std::unordered_set<PackId>& misplaced, const BlobSet& used,
                 Findings& findings) {
  std::vector<bool> missing(packs.size());
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    const PackId& id = packs.id(pack);
    const ListedPack* const listed = find_pack(listing, id);
    if (listed == nullptr && misplaced.contains(id)) {
      // Told, and nothing in it is lost.
    } else if (listed == nullptr) {
      missing[pack] = true;
      findings.add(
          {FindingKind::PackMissing, fmt::format("pack {}: does not exist", id), {}, id, {}});
    } else if (listed->size != packs.file_size(pack)) {
      findings.add({FindingKind::PackSize,
                    fmt::format("pack {}: has {} bytes, by the index it should have {}", id,
                                listed->size, packs.file_size(pack)),
                    {},
                    id,
                    {}});
    }
    check_layout(packs, pack, findings);
  }
  for (const ListedPack& listed : listing) {
    if (packs.find(listed.id)) continue;
    findings.add({FindingKind::PackUnreferenced,
                  fmt::format("pack {}: no index names it", listed.id),
                  {},
                  listed.id,
                  {}});
  }
  if (used.size() == 0 && packs.size() > 0) {
    findings.add({FindingKind::NothingUsed,
                  fmt::format("no snapshot uses any of {} packs; where nobody removed them all, "
                              "snapshots were lost",
                              packs.size())});
  }
  for (const BlobKey& blob : used.missing()) {
    findings.add({FindingKind::BlobMissing,
                  fmt::format("{} blob {}: used, and in no index", name(blob.type), blob.id),
                  {},
                  {},
                  blob});
  }
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    if (missing[pack]) check_lost_blobs(packs, pack, missing, used, findings);
  }
}

// A pack that no index names and whose header does not open: nothing says what it holds.
Result<void> check_unnamed_packs(const Repository& repository, const PackTable& packs,
                                 const PackListing& listing, Findings& findings,
                                 std::stop_token stop) {
  for (const ListedPack& listed : listing) {
    if (packs.find(listed.id)) continue;
    const Result<std::vector<PackEntry>> header =
        load_pack_header(repository, listed.id, listed.size, stop);
    if (header.ok()) continue;
    const Error& problem = header.error();
    if (is(problem, Code::Canceled) || stop.stop_requested()) return problem;
    if (is(problem, Code::NotFound)) {
      findings.add(listed_and_not_found(listed.id));
      continue;
    }
    const bool damaged = is(problem, Code::Corrupt);
    findings.add({damaged ? FindingKind::PackDamaged : FindingKind::Unchecked,
                  problem.message() + ", and no index names the pack",
                  {},
                  listed.id,
                  {}});
  }
  return {};
}

std::vector<std::size_t> shuffled(std::vector<std::size_t> numbers, std::uint64_t seed) {
  Random random(seed);
  for (std::size_t left = numbers.size(); left > 1; --left) {
    std::swap(numbers[left - 1], numbers[random.below(left)]);
  }
  return numbers;
}

// Which of the `present` packs to read.
std::vector<std::size_t> chosen(const PackTable& packs, std::vector<std::size_t> present,
                                const CheckOptions& options) {
  if (std::holds_alternative<ReadNoPacks>(options.read)) return {};
  if (const auto* const read = std::get_if<ReadPart>(&options.read)) {
    CHECK(read->part >= 1 && read->part <= read->of && read->of <= 256);
    std::erase_if(present, [&](std::size_t pack) {
      const auto first = std::to_integer<unsigned>(packs.id(pack).bytes[0]);
      return first % read->of != read->part - 1;
    });
  } else if (const auto* const share = std::get_if<ReadShare>(&options.read)) {
    present = shuffled(std::move(present), options.seed);
    const double count = static_cast<double>(present.size()) * share->percent / 100;
    // At least one, so that a small repository is not skipped whole.
    const auto wanted = std::max<std::size_t>(1, static_cast<std::size_t>(count));
    present.resize(std::min(present.size(), wanted));
  } else if (const auto* const limit = std::get_if<ReadBytes>(&options.read)) {
    present = shuffled(std::move(present), options.seed);
    std::uint64_t bytes = 0;
    const auto over = std::find_if(present.begin(), present.end(), [&](std::size_t pack) {
      const bool is_first = bytes == 0;
      bytes += packs.file_size(pack);
      return !is_first && bytes > limit->bytes;
    });
    present.erase(over, present.end());
  }
  return present;
}

// Reads packs on all processors, and counts those that could be read. What is damaged goes to
// `findings`.
Result<void> read_packs(const Repository& repository, const PackTable& packs,
                        const PackListing& listing, const std::vector<std::size_t>& numbers,
                        Findings& findings, CheckSummary& summary, Progress& progress,
                        std::stop_token stop) {
  progress.total = numbers.size();
  for (const std::size_t pack : numbers) {
    progress.bytes_total += find_pack(listing, packs.id(pack))->size;
  }
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned workers = std::min(32U, std::max(cores, repository.backend().connections()));
  const std::size_t window = std::min<std::size_t>(kReadMemory / workers, 32 * 1024 * 1024);
  std::atomic<std::size_t> next = 0;
  std::atomic<std::uint64_t> packs_read = 0;
  std::atomic<std::uint64_t> bytes_read = 0;
  const auto read = [&](std::stop_token stopped) -> Result<void> {
    PackCheck reader(repository, window);
    for (std::size_t i = next++; i < numbers.size(); i = next++) {
      if (stopped.stop_requested()) return error(Code::Canceled, "stopped");
      const PackId& id = packs.id(numbers[i]);
      const std::uint64_t size = find_pack(listing, id)->size;
      const std::vector<Finding> found =
          TRY(reader.check(id, size, packs.entries(numbers[i]), stopped));
      bool whole = true;
      for (const Finding& each : found) {
        whole = whole && each.kind != FindingKind::Unchecked;
        findings.add(each);
      }
      ++progress.done;
      progress.bytes_done += size;
      if (!whole) continue;
      ++packs_read;
      bytes_read += size;
    }
    return {};
  };
  TRY(run_workers(std::min<std::size_t>(workers, numbers.size()), read, std::move(stop)));
  summary.packs_read = packs_read;
  summary.bytes_read = bytes_read;
  return {};
}

}  // namespace

Result<CheckSummary> check(const Repository& repository, const BlobSet& used,
                           const CheckOptions& options, const EachFinding& each, Progress& progress,
                           std::stop_token stop) {
  const PackTable packs(repository.index().tables());
  Findings findings(each, progress);
  TRY(check_index_files(repository, packs, findings, stop));
  // Listed after the index was read: a pack is stored before any index names it.
  PackListing listing = TRY(list_packs(repository.backend(), stop));
  TRY(add_unlisted(repository.backend(), packs, listing, stop));
  TRY(check_keys(repository, findings, stop));
  const std::unordered_set<PackId> misplaced =
      TRY(check_strays(repository, packs, listing, findings, stop));
  check_packs(packs, listing, misplaced, used, findings);

  std::vector<std::size_t> present;
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    if (find_pack(listing, packs.id(pack)) != nullptr) present.push_back(pack);
  }
  const std::vector<std::size_t> numbers = chosen(packs, std::move(present), options);
  CheckSummary summary;
  TRY(read_packs(repository, packs, listing, numbers, findings, summary, progress, stop));
  TRY(check_unnamed_packs(repository, packs, listing, findings, stop));
  summary.packs = packs.size();
  summary.blobs = packs.row_count();
  findings.count_into(summary);
  return summary;
}

}  // namespace firebreak
