#include "repository/index.h"

#include <algorithm>
#include <dirent.h>
#include <unistd.h>

#include "base/random.h"
#include "base/task_group.h"
#include "base/text.h"
#include "repository/unpacked.h"

namespace firebreak {
namespace {

constexpr std::string_view kTableSuffix = ".table";

std::vector<std::string> table_paths(const std::string& folder) {
  std::vector<std::string> paths;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
  if (opened == nullptr) return paths;
  while (const dirent* const entry = ::readdir(opened.get())) {
    const std::string_view found(entry->d_name);
    if (found.ends_with(kTableSuffix)) paths.push_back(fmt::format("{}/{}", folder, found));
  }
  return paths;
}

// A file that is gone was replaced by others meanwhile, or is for the next listing to tell.
Error with_way_out(const Error& problem) {
  if (!is(problem, Code::Corrupt)) return problem;
  return error(Code::Corrupt,
               "{}; to make the index anew from the packs, run: firebreak repair index",
               problem.message())
      .on(problem.side());
}

}  // namespace

Result<std::unique_ptr<Index>> Index::open(Backend& backend, const Sealer& sealer,
                                           CacheFolder& cache, const std::string& repository_name,
                                           OnBroken on_broken, std::stop_token stop) {
  std::unordered_set<IndexId> missing;
  TRY(backend
          .list(
              FileType::Index,
              [&](const FileInfo& file) -> Result<void> {
                const IndexId id = TRY(IndexId::parse(file.name));
                missing.insert(id);
                return {};
              },
              stop)
          .on(Side::Repository));
  std::unique_ptr<Index> index(new Index(cache, repository_name));
  index->map_cached(missing);
  TRY(index->decode(backend, sealer, {missing.begin(), missing.end()}, on_broken, stop));
  TRY(index->merge_small());
  return index;
}

// Maps the cached tables whose sources are all still there, largest first, and takes those sources
// out of `missing`. The others speak of index files that are gone.
void Index::map_cached(std::unordered_set<IndexId>& missing) {
  std::vector<IndexTable> found;
  for (const std::string& path : table_paths(table_folder())) {
    Result<IndexTable> table = IndexTable::open(path);
    if (table.ok()) {
      found.push_back(std::move(*table));
    } else if (table.error().code() == Code::Corrupt) {
      ::unlink(path.c_str());
    }
  }
  std::sort(found.begin(), found.end(), [](const IndexTable& a, const IndexTable& b) {
    return a.rows().size() > b.rows().size();
  });
  const MutexLock lock(mutex_);
  for (IndexTable& table : found) {
    const auto sources = table.sources();
    const bool current =
        !sources.empty() && std::all_of(sources.begin(), sources.end(),
                                        [&](const IndexId& id) { return missing.contains(id); });
    if (!current) {
      ::unlink(table.path().c_str());
      continue;
    }
    for (const IndexId& id : sources) missing.erase(id);
    tables_.push_back(std::move(table));
  }
}

// Reads index files on all processors into one more table.
Result<void> Index::decode(Backend& backend, const Sealer& sealer,
                           const std::vector<IndexId>& files, OnBroken on_broken,
                           std::stop_token stop) {
  if (files.empty()) return {};
  Mutex broken_mutex;
  const auto read_one = [&](IndexTableBuilder& builder, const IndexId& id,
                            std::stop_token stopped) -> Result<void> {
    Bytes json = TRY(load_unpacked(backend, sealer, {FileType::Index, id.hex()}, stopped));
    std::vector<IndexedPack> packs;  // whole or not at all
    TRY(parse_index(std::move(json),
                    [&](const PackId& pack, const std::vector<PackEntry>& entries) -> Result<void> {
                      packs.push_back({pack, entries});
                      return {};
                    })
            .context("index/{}", id)
            .on(Side::Repository));
    builder.add_source(id);
    for (const IndexedPack& pack : packs) TRY(builder.add(pack.id, pack.entries));
    return {};
  };
  const auto read_all = [&](IndexTableBuilder& builder) {
    broken_.clear();
    const auto read = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
      Result<void> whole = read_one(builder, files[number], stopped);
      const bool damaged = failed_with(whole, Code::Corrupt) || failed_with(whole, Code::NotFound);
      if (!damaged) return whole;
      if (on_broken == OnBroken::Fail) return with_way_out(std::move(whole).error());
      const MutexLock lock(broken_mutex);
      broken_.push_back({files[number], std::move(whole).error()});
      return {};
    };
    return for_each_number(files.size(), backend.connections(), read, stop);
  };
  IndexTable table = TRY(build(read_all));
  const MutexLock lock(mutex_);
  tables_.push_back(std::move(table));
  return {};
}

// Keeps the number of tables logarithmic in the number of blobs: a table joins the smaller ones
// unless it is more than twice as large as all of them.
Result<void> Index::merge_small() {
  constexpr std::size_t kTablesKept = 4;
  const MutexLock lock(mutex_);
  if (tables_.size() <= kTablesKept) return {};
  std::sort(tables_.begin(), tables_.end(), [](const IndexTable& a, const IndexTable& b) {
    return a.rows().size() > b.rows().size();
  });
  std::size_t rows = 0;
  std::size_t first = tables_.size();
  while (first > 0 &&
         (tables_.size() - first < kTablesKept || tables_[first - 1].rows().size() <= 2 * rows)) {
    --first;
    rows += tables_[first].rows().size();
  }
  const std::span<const IndexTable> small = std::span(tables_).subspan(first);
  Result<IndexTable> merged = try_to_build([&](IndexTableBuilder& builder) -> Result<void> {
    for (const IndexTable& table : small) TRY(builder.add(table));
    return {};
  });
  // A cache with no room for the merged table goes on with the small ones.
  if (!merged.ok() && merged.error().side() == Side::Cache) return {};
  IndexTable table = TRY(std::move(merged));
  for (const IndexTable& old : small) ::unlink(old.path().c_str());
  tables_.erase(tables_.begin() + static_cast<std::ptrdiff_t>(first), tables_.end());
  tables_.push_back(std::move(table));
  return {};
}

std::string Index::table_folder() const {
  return fmt::format("{}/{}/index", cache_.path, repository_name_);
}

Result<IndexTable> Index::build(const Fill& fill) {
  Result<IndexTable> built = try_to_build(fill);
  if (built.ok() || built.error().side() != Side::Cache || !cache_.instead) return built;
  cache_.path = TRY(std::exchange(cache_.instead, {})(built.error()));
  return try_to_build(fill);
}

Result<IndexTable> Index::try_to_build(const Fill& fill) const {
  std::byte nonce[8];
  fill_secret(nonce);
  const auto builder = TRY(IndexTableBuilder::create(
      fmt::format("{}/{}{}", table_folder(), to_hex(nonce), kTableSuffix)));
  TRY(fill(*builder));
  return builder->finish();
}

std::vector<BlobPlace> Index::find(BlobType type, const BlobId& id) const {
  std::vector<BlobPlace> places;
  const MutexLock lock(mutex_);
  const auto found = pending_.find({type, id});
  if (found != pending_.end() && found->second.stored) {
    places.push_back({found->second.pack, found->second.entry});
  }
  for (const IndexTable& table : tables_) {
    for (const IndexRow& row : table.find(type, id)) {
      const PackId& pack = table.packs()[row.pack()].id;
      if (!distrusted_.contains(pack)) places.push_back({pack, row.entry()});
    }
  }
  return places;
}

bool Index::contains(BlobType type, const BlobId& id) const {
  const MutexLock lock(mutex_);
  const auto found = pending_.find({type, id});
  return (found != pending_.end() && found->second.stored) || in_tables(type, id);
}

bool Index::in_tables(BlobType type, const BlobId& id) const {
  for (const IndexTable& table : tables_) {
    for (const IndexRow& row : table.find(type, id)) {
      if (distrusted_.empty() || !distrusted_.contains(table.packs()[row.pack()].id)) return true;
    }
  }
  return false;
}

bool Index::claim(BlobType type, const BlobId& id) {
  const MutexLock lock(mutex_);
  if (in_tables(type, id)) return false;
  return pending_.try_emplace({type, id}).second;
}

void Index::add(const PackId& pack, std::vector<PackEntry> entries) {
  const MutexLock lock(mutex_);
  for (const PackEntry& entry : entries) pending_[{entry.type, entry.id}] = {true, pack, entry};
  unflushed_blobs_ += entries.size();
  unflushed_.push_back({pack, std::move(entries)});
}

Result<void> Index::flush(Backend& backend, const Sealer& sealer, unsigned version,
                          std::size_t blobs_min, std::stop_token stop) {
  const MutexLock flushing(flushing_);
  std::vector<IndexedPack> packs;
  {
    const MutexLock lock(mutex_);
    if (unflushed_.empty() || unflushed_blobs_ < blobs_min) return {};
    packs = unflushed_;
  }
  const std::string name =
      TRY(save_unpacked(backend, sealer, FileType::Index, encode_index(packs), version, stop));
  const IndexId id = TRY(IndexId::parse(name));
  IndexTable table = TRY(build([&](IndexTableBuilder& builder) -> Result<void> {
    builder.add_source(id);
    for (const IndexedPack& pack : packs) TRY(builder.add(pack.id, pack.entries));
    return {};
  }));
  const MutexLock lock(mutex_);
  tables_.push_back(std::move(table));
  unflushed_.erase(unflushed_.begin(),
                   unflushed_.begin() + static_cast<std::ptrdiff_t>(packs.size()));
  for (const IndexedPack& pack : packs) {
    unflushed_blobs_ -= pack.entries.size();
    for (const PackEntry& entry : pack.entries) pending_.erase({entry.type, entry.id});
  }
  return {};
}

void Index::distrust(std::unordered_set<PackId> packs) {
  const MutexLock lock(mutex_);
  distrusted_.merge(packs);
}

std::vector<IndexTable> Index::tables() const {
  const MutexLock lock(mutex_);
  return tables_;
}

std::vector<IndexId> Index::index_files() const {
  const MutexLock lock(mutex_);
  std::vector<IndexId> files;
  for (const IndexTable& table : tables_) {
    files.insert(files.end(), table.sources().begin(), table.sources().end());
  }
  return files;
}

}  // namespace firebreak
