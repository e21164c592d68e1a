#include "repository/blob_stream.h"

#include <algorithm>

#include "base/task_group.h"

namespace firebreak {
namespace {

constexpr std::uint64_t kReadSize = 16 * 1024 * 1024;
// Unwanted bytes that are cheaper to read than another request.
constexpr std::uint64_t kGapSize = 256 * 1024;

// The blob from wherever a sound copy is, this row included: what came damaged may have been so
// on the way only.
Result<Bytes> load_any(const Repository& repository, const PackTable& packs, const PackEntry& entry,
                       std::stop_token stop) {
  std::optional<Error> first;
  for (const PackTable::Place& place : packs.places(entry.type, entry.id)) {
    Result<Bytes> plain = load_row(repository, packs, place, stop);
    if (plain.ok() || !is_damage(plain.error())) return plain;
    if (!first) first = std::move(plain).error();
  }
  CHECK(first.has_value());
  return *std::move(first);
}

// One read's worth of neighbouring blobs of a pack.
Result<void> read_run(const Repository& repository, const PackTable& packs, std::size_t pack,
                      std::span<const PackEntry> run, const EachBlob& each, std::stop_token stop) {
  thread_local Bytes bytes;  // touched once a thread
  thread_local Bytes plain;
  const std::uint64_t from = run.front().offset;
  std::uint64_t length = 0;  // a damaged index may put blobs inside each other
  for (const PackEntry& entry : run) {
    length = std::max(length, entry.offset + std::uint64_t{entry.length} - from);
  }
  const FileName file{FileType::Pack, packs.id(pack).hex()};
  Result<Bytes> loaded = repository.backend().load(file, {from, length}, std::move(bytes), stop);
  if (!loaded.ok() && !is_damage(loaded.error())) {
    return std::move(loaded).error().on(Side::Repository);
  }
  bytes = loaded.ok() ? std::move(loaded).value() : Bytes();
  if (bytes.size() != length) bytes.clear();
  for (const PackEntry& entry : run) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    Result<Bytes> opened = error(Code::Corrupt, "not read");
    if (!bytes.empty()) {
      const ByteView sealed = ByteView(bytes).subspan(entry.offset - from, entry.length);
      opened = open_blob(repository.sealer(), entry, sealed, std::move(plain));
    }
    if (!opened.ok()) opened = load_any(repository, packs, entry, stop);
    plain = TRY(std::move(opened));
    TRY(each(entry, plain));
  }
  return {};
}

}  // namespace

Result<Bytes> load_row(const Repository& repository, const PackTable& packs,
                       const PackTable::Place& place, std::stop_token stop) {
  const PackEntry entry = packs.row(place.row).entry();
  const PackId& pack = packs.id(place.pack);
  const Range range{entry.offset, entry.length};
  const Bytes sealed = TRY(repository.backend()
                               .load({FileType::Pack, pack.hex()}, range, {}, stop)
                               .on(Side::Repository));
  return open_blob(repository.sealer(), entry, sealed).context("pack {}", pack);
}

Result<void> stream_blobs(const Repository& repository, const PackTable& packs,
                          const std::vector<bool>& wanted, const EachBlob& each, Progress& progress,
                          std::stop_token stop) {
  CHECK(wanted.size() == packs.row_count());
  std::vector<std::size_t> chosen;
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    const std::vector<std::uint32_t> rows = packs.rows(pack);
    const auto is_wanted = [&](std::uint32_t row) { return wanted[row]; };
    if (!std::any_of(rows.begin(), rows.end(), is_wanted)) continue;
    chosen.push_back(pack);
    for (const std::uint32_t row : rows) {
      if (wanted[row]) progress.bytes_total += packs.row(row).length;
    }
  }
  progress.total += chosen.size();
  const auto read_pack = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
    const std::size_t pack = chosen[number];
    std::vector<PackEntry> entries;
    for (const std::uint32_t row : packs.rows(pack)) {
      if (wanted[row]) entries.push_back(packs.row(row).entry());
    }
    const std::span<const PackEntry> all(entries);
    for (std::size_t first = 0; first < all.size();) {
      std::size_t next = first + 1;
      while (next < all.size() &&
             std::uint64_t{all[next].offset} <=
                 std::uint64_t{all[next - 1].offset} + all[next - 1].length + kGapSize &&
             std::uint64_t{all[next].offset} + all[next].length - all[first].offset <= kReadSize) {
        ++next;
      }
      TRY(read_run(repository, packs, pack, all.subspan(first, next - first), each, stopped));
      for (const PackEntry& entry : all.subspan(first, next - first)) {
        progress.bytes_done += entry.length;
      }
      first = next;
    }
    ++progress.done;
    return {};
  };
  return for_each_number(chosen.size(), repository.backend().connections(), read_pack, stop);
}

}  // namespace firebreak
