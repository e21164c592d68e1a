#include "repository/pack_table.h"

#include <algorithm>

#include "base/task_group.h"

namespace firebreak {

PackTable::PackTable(std::vector<IndexTable> tables) : tables_(std::move(tables)) {
  std::size_t row_count = 0;
  for (const IndexTable& table : tables_) {
    first_row_.push_back(static_cast<std::uint32_t>(row_count));
    row_count += table.rows().size();
    CHECK(row_count <= UINT32_MAX);
    for (const IndexPackRow& pack : table.packs()) packs_.push_back({pack.id, pack.size, 0, 0});
  }
  const auto by_id = [](const Pack& a, const Pack& b) { return a.id < b.id; };
  std::sort(packs_.begin(), packs_.end(), by_id);
  std::vector<std::uint32_t> repeated;
  std::size_t kept = 0;
  for (const Pack& pack : packs_) {
    if (kept == 0 || packs_[kept - 1].id != pack.id) {
      packs_[kept++] = pack;
    } else if (repeated.empty() || repeated.back() != kept - 1) {
      repeated.push_back(static_cast<std::uint32_t>(kept - 1));
    }
  }
  packs_.resize(kept);

  for (const IndexTable& table : tables_) {
    std::vector<std::uint32_t>& ordinals = pack_of_.emplace_back();
    for (const IndexPackRow& pack : table.packs()) {
      ordinals.push_back(static_cast<std::uint32_t>(*find(pack.id)));
    }
    for (const IndexRow& entry : table.rows()) ++packs_[ordinals[entry.pack()]].end;
  }
  std::uint32_t sum = 0;
  for (Pack& pack : packs_) {
    pack.begin = sum;
    sum += std::exchange(pack.end, sum);
  }
  by_pack_.resize(row_count);
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    std::uint32_t number = first_row_[t];
    for (const IndexRow& entry : tables_[t].rows()) {
      by_pack_[packs_[pack_of_[t][entry.pack()]].end++] = number++;
    }
  }
  for (const std::uint32_t pack : repeated) packs_[pack].file_size = pack_size_of(entries(pack));
}

std::optional<std::size_t> PackTable::find(const PackId& id) const {
  const auto found =
      std::lower_bound(packs_.begin(), packs_.end(), id,
                       [](const Pack& pack, const PackId& x) { return pack.id < x; });
  if (found == packs_.end() || found->id != id) return std::nullopt;
  return static_cast<std::size_t>(found - packs_.begin());
}

std::vector<std::uint32_t> PackTable::rows(std::size_t pack) const {
  const auto begin = by_pack_.begin();
  std::vector<std::uint32_t> numbers(begin + packs_[pack].begin, begin + packs_[pack].end);
  std::sort(numbers.begin(), numbers.end(), [this](std::uint32_t a, std::uint32_t b) {
    return row(a).offset < row(b).offset || (row(a).offset == row(b).offset && a < b);
  });
  const auto repeats = [this](std::uint32_t a, std::uint32_t b) {
    return row(a).entry() == row(b).entry();
  };
  numbers.erase(std::unique(numbers.begin(), numbers.end(), repeats), numbers.end());
  return numbers;
}

std::size_t PackTable::table_of(std::uint32_t row) const {
  const auto after = std::upper_bound(first_row_.begin(), first_row_.end(), row);
  return static_cast<std::size_t>(after - first_row_.begin()) - 1;
}

const IndexRow& PackTable::row(std::uint32_t number) const {
  const std::size_t table = table_of(number);
  return tables_[table].rows()[number - first_row_[table]];
}

std::size_t PackTable::pack_of(std::uint32_t row_number) const {
  return pack_of_[table_of(row_number)][row(row_number).pack()];
}

std::vector<PackEntry> PackTable::entries(std::size_t pack) const {
  std::vector<PackEntry> found;
  for (const std::uint32_t number : rows(pack)) found.push_back(row(number).entry());
  return found;
}

std::vector<PackTable::Place> PackTable::places(BlobType type, const BlobId& id) const {
  std::vector<Place> found;
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const IndexRow* const first = tables_[t].rows().data();
    for (const IndexRow& entry : tables_[t].find(type, id)) {
      found.push_back(
          {pack_of_[t][entry.pack()], first_row_[t] + static_cast<std::uint32_t>(&entry - first)});
    }
  }
  return found;
}

std::string layout_problem(const std::vector<PackEntry>& entries) {
  std::uint64_t end = 0;
  for (const PackEntry& entry : entries) {
    if (entry.offset != end) {
      return fmt::format("{} blob {} lies at {}, {} {}", name(entry.type), entry.id, entry.offset,
                         entry.offset < end ? "inside the blob before, which ends at"
                                            : "behind a gap that begins at",
                         end);
    }
    end += entry.length;
  }
  return {};
}

Result<PackListing> list_packs(Backend& backend, std::stop_token stop) {
  PackListing listing;
  TRY(backend
          .list(
              FileType::Pack,
              [&](const FileInfo& file) -> Result<void> {
                const PackId id = TRY(PackId::parse(file.name));
                listing.push_back({id, file.size});
                return {};
              },
              stop)
          .on(Side::Repository));
  std::sort(listing.begin(), listing.end(),
            [](const ListedPack& a, const ListedPack& b) { return a.id < b.id; });
  const auto same = [](const ListedPack& a, const ListedPack& b) { return a.id == b.id; };
  listing.erase(std::unique(listing.begin(), listing.end(), same), listing.end());
  return listing;
}

Result<void> add_unlisted(Backend& backend, const PackTable& packs, PackListing& listing,
                          std::stop_token stop) {
  std::vector<PackId> absent;
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    if (find_pack(listing, packs.id(pack)) == nullptr) absent.push_back(packs.id(pack));
  }
  Mutex mutex;
  PackListing found;
  const auto ask = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
    Result<FileInfo> file = backend.stat({FileType::Pack, absent[number].hex()}, stopped);
    if (failed_with(file, Code::NotFound)) return {};
    const FileInfo info = TRY(std::move(file).on(Side::Repository));
    const MutexLock lock(mutex);
    found.push_back({absent[number], info.size});
    return {};
  };
  TRY(for_each_number(absent.size(), backend.connections(), ask, stop));
  listing.insert(listing.end(), found.begin(), found.end());
  std::sort(listing.begin(), listing.end(),
            [](const ListedPack& a, const ListedPack& b) { return a.id < b.id; });
  return {};
}

const ListedPack* find_pack(const PackListing& listing, const PackId& id) {
  const auto found =
      std::lower_bound(listing.begin(), listing.end(), id,
                       [](const ListedPack& pack, const PackId& x) { return pack.id < x; });
  return found == listing.end() || found->id != id ? nullptr : &*found;
}

}  // namespace firebreak
