#include "repository/index_table.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>

#include "base/mutex.h"
#include "base/random.h"
#include "base/task_group.h"

namespace firebreak {
namespace {

// Tables are this machine's, and no fault of the repository.
Error cache_error(Error problem) {
  return std::move(problem).on(Side::Cache).within("the cache (--cache-dir names another)");
}

std::string building_path(const std::string& path) {
  return path + ".building";
}

Error cache_error(int number, std::string_view doing, std::string_view path) {
  return cache_error(errno_error(number, doing, path));
}

constexpr std::size_t kBuckets = 65536;
constexpr std::size_t kFanOutSize = (kBuckets + 2) * sizeof(std::uint32_t);  // one for alignment
constexpr std::array<char, 8> kMagic = {'F', 'B', 'I', 'X', '0', '0', '0', '1'};
constexpr std::size_t kBootIdSize = 36;
constexpr std::size_t kRowsBuffered = 16 * 1024;

struct Header {
  std::array<char, 8> magic;
  std::uint64_t sources;
  std::uint64_t packs;
  std::uint64_t rows;
  std::uint64_t checksum;  // of everything after the header
  std::array<char, 40> boot_id;
};
static_assert(sizeof(Header) == 80);

struct Layout {
  std::size_t sources = sizeof(Header);
  std::size_t packs;
  std::size_t fan_out;
  std::size_t rows;
  std::size_t end;

  explicit Layout(const Header& header) {
    packs = sources + header.sources * sizeof(IndexId);
    fan_out = packs + header.packs * sizeof(IndexPackRow);
    rows = fan_out + kFanOutSize;
    end = rows + header.rows * sizeof(IndexRow);
  }
};

std::size_t bucket_of(const BlobId& id) {
  return std::to_integer<std::size_t>(id.bytes[0]) << 8 | std::to_integer<std::size_t>(id.bytes[1]);
}

// Every page of a file that was renamed into place is whole until the kernel goes down; after
// that the checksum says so. That spares the fsync of a file that can be built anew.
std::array<char, 40> boot_id() {
  std::array<char, 40> id{};
  const Result<Bytes> text = read_file("/proc/sys/kernel/random/boot_id", 4096);
  if (text.ok()) std::memcpy(id.data(), text->data(), std::min(text->size(), kBootIdSize));
  return id;
}

std::uint64_t checksum_of(ByteView bytes) {
  std::array<std::uint64_t, 4> lanes = {1, 2, 3, 4};
  std::size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      lanes[lane] = (lanes[lane] ^ load_le64(bytes.data() + at + lane * 8)) * 0x9e3779b97f4a7c15;
      lanes[lane] ^= lanes[lane] >> 29;
    }
  }
  std::uint64_t sum = lanes[0] ^ lanes[1] * 3 ^ lanes[2] * 5 ^ lanes[3] * 7;
  for (; at < bytes.size(); ++at) {
    sum = (sum ^ std::to_integer<std::uint64_t>(bytes[at])) * 0x9e3779b97f4a7c15;
  }
  return sum;
}

bool row_before(const IndexRow& a, const IndexRow& b) {
  if (a.id != b.id) return a.id < b.id;
  if (a.type() != b.type()) return a.type() < b.type();
  if (a.pack() != b.pack()) return a.pack() < b.pack();
  return a.offset < b.offset;
}

bool same_row(const IndexRow& a, const IndexRow& b) {
  return a.id == b.id && a.pack_and_type == b.pack_and_type && a.offset == b.offset &&
         a.length == b.length && a.uncompressed_length == b.uncompressed_length;
}

template <typename T>
std::span<const T> part_of(const std::byte* base, std::size_t offset, std::size_t count) {
  return {reinterpret_cast<const T*>(base + offset), count};
}

const Header& header_of(const std::byte* base) {
  return *reinterpret_cast<const Header*>(base);
}

struct Unmap {
  std::size_t size;
  void operator()(const std::byte* mapped) const { ::munmap(const_cast<std::byte*>(mapped), size); }
};

}  // namespace

Result<IndexTable> IndexTable::open(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return errno_error(errno, "open", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return errno_error(errno, "stat", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  const Error torn = error(Code::Corrupt, "{} is no whole index table", path);
  if (size < sizeof(Header) + kFanOutSize) return torn;
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return errno_error(errno, "map", path);
  IndexTable table;
  table.path_ = path;
  table.map_ = {static_cast<const std::byte*>(mapped), Unmap{size}};
  const Header& header = header_of(table.map_.get());
  const std::uint64_t most = size / 32;
  if (header.magic != kMagic || header.sources > most || header.packs > most ||
      header.rows > most || Layout(header).end != size) {
    return torn;
  }
  if (header.boot_id != boot_id()) {
    const ByteView whole(table.map_.get(), size);
    if (checksum_of(whole.subspan(sizeof(Header))) != header.checksum) return torn;
  }
  ::madvise(mapped, size, MADV_RANDOM);
  return table;
}

std::span<const IndexId> IndexTable::sources() const {
  const Header& header = header_of(map_.get());
  return part_of<IndexId>(map_.get(), Layout(header).sources, header.sources);
}

std::span<const IndexPackRow> IndexTable::packs() const {
  const Header& header = header_of(map_.get());
  return part_of<IndexPackRow>(map_.get(), Layout(header).packs, header.packs);
}

std::span<const IndexRow> IndexTable::rows() const {
  const Header& header = header_of(map_.get());
  return part_of<IndexRow>(map_.get(), Layout(header).rows, header.rows);
}

std::span<const IndexRow> IndexTable::find(BlobType type, const BlobId& id) const {
  const Header& header = header_of(map_.get());
  const auto fan_out = part_of<std::uint32_t>(map_.get(), Layout(header).fan_out, kBuckets + 1);
  const std::size_t bucket = bucket_of(id);
  const std::uint32_t begin = fan_out[bucket];
  const std::uint32_t end = fan_out[bucket + 1];
  // The cache's disk may have rotted since open(): then the blob is not found, and stored again.
  if (begin > end || end > header.rows) return {};
  const auto bucket_rows = rows().subspan(begin, end - begin);
  const auto first = std::partition_point(
      bucket_rows.begin(), bucket_rows.end(),
      [&](const IndexRow& row) { return row.id < id || (row.id == id && row.type() < type); });
  auto last = first;
  while (last != bucket_rows.end() && last->id == id && last->type() == type &&
         last->pack() < header.packs) {
    ++last;
  }
  return {first, last};
}

struct IndexTableBuilder::State {
  std::string path;
  Fd scratch;
  Mutex mutex;
  std::vector<IndexId> sources GUARDED_BY(mutex);
  std::vector<PackId> packs GUARDED_BY(mutex);
  std::unordered_map<PackId, std::uint32_t> ordinals GUARDED_BY(mutex);
  std::vector<std::uint32_t> counts GUARDED_BY(mutex) = std::vector<std::uint32_t>(kBuckets);
  std::vector<IndexRow> buffered GUARDED_BY(mutex);
  std::uint64_t rows GUARDED_BY(mutex) = 0;
  bool pack_seen_twice GUARDED_BY(mutex) = false;

  std::uint32_t ordinal_of(const PackId& pack) REQUIRES(mutex);
  Result<void> append_row(IndexRow row) REQUIRES(mutex);
  Result<void> flush() REQUIRES(mutex);
  Result<void> scatter(std::span<std::uint32_t> fan_out, std::span<IndexRow> rows_out)
      REQUIRES(mutex);
};

std::uint32_t IndexTableBuilder::State::ordinal_of(const PackId& pack) {
  const auto [found, added] = ordinals.try_emplace(pack, static_cast<std::uint32_t>(packs.size()));
  if (added) {
    packs.push_back(pack);
  } else {
    pack_seen_twice = true;
  }
  return found->second;
}

Result<void> IndexTableBuilder::State::append_row(IndexRow row) {
  ++counts[bucket_of(row.id)];
  ++rows;
  buffered.push_back(row);
  if (buffered.size() < kRowsBuffered) return {};
  return flush();
}

Result<void> IndexTableBuilder::State::flush() {
  if (rows > UINT32_MAX) return error(Code::Exhausted, "an index of more than 2^32 blobs");
  Result<void> written = write_all(scratch.get(), std::as_bytes(std::span(buffered)));
  if (!written.ok()) return cache_error(std::move(written).error().within(path));
  buffered.clear();
  return {};
}

// Puts every row into its bucket; `fan_out` becomes the prefix sums.
Result<void> IndexTableBuilder::State::scatter(std::span<std::uint32_t> fan_out,
                                               std::span<IndexRow> rows_out) {
  std::vector<std::uint32_t> next(kBuckets);
  std::uint32_t sum = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    fan_out[bucket] = next[bucket] = sum;
    sum += counts[bucket];
  }
  fan_out[kBuckets] = sum;
  buffered.resize(kRowsBuffered);
  const std::span<std::byte> window = std::as_writable_bytes(std::span(buffered));
  for (std::uint64_t offset = 0; offset < rows * sizeof(IndexRow); offset += window.size()) {
    const std::size_t got = TRY(read_up_to_at(scratch.get(), window, offset).on(Side::Cache));
    for (const IndexRow& row : std::span(buffered).first(got / sizeof(IndexRow))) {
      rows_out[next[bucket_of(row.id)]++] = row;
    }
  }
  return {};
}

namespace {

Result<void> sort_buckets(std::span<const std::uint32_t> fan_out, std::span<IndexRow> rows) {
  const std::size_t workers = std::max(1U, std::thread::hardware_concurrency());
  const auto sort_part = [&](std::size_t part, std::stop_token) -> Result<void> {
    const std::size_t end = kBuckets * (part + 1) / workers;
    for (std::size_t bucket = kBuckets * part / workers; bucket < end; ++bucket) {
      std::sort(rows.begin() + fan_out[bucket], rows.begin() + fan_out[bucket + 1], row_before);
    }
    return {};
  };
  return for_each_number(workers, workers, sort_part, {});
}

// Drops rows that two index files both name. Returns how many are left.
std::size_t drop_repeated(std::span<std::uint32_t> fan_out, std::span<IndexRow> rows) {
  std::size_t kept = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    const std::size_t begin = fan_out[bucket];
    const std::size_t end = fan_out[bucket + 1];
    fan_out[bucket] = static_cast<std::uint32_t>(kept);
    for (std::size_t at = begin; at < end; ++at) {
      if (at > begin && same_row(rows[at], rows[kept - 1])) continue;
      rows[kept++] = rows[at];
    }
  }
  fan_out[kBuckets] = static_cast<std::uint32_t>(kept);
  return kept;
}

void write_pack_rows(std::span<const PackId> ids, std::span<const IndexRow> rows,
                     std::span<IndexPackRow> packs) {
  for (std::size_t i = 0; i < ids.size(); ++i) packs[i] = {ids[i], kPackOverhead};
  for (const IndexRow& row : rows) {
    packs[row.pack()].size += row.length + header_entry_size(row.uncompressed_length != 0);
  }
}

}  // namespace

IndexTableBuilder::IndexTableBuilder(std::unique_ptr<State> state) : state_(std::move(state)) {}
IndexTableBuilder::~IndexTableBuilder() {
  ::unlink(building_path(state_->path).c_str());  // gone already where it was finished
}

Result<std::unique_ptr<IndexTableBuilder>> IndexTableBuilder::create(std::string path) {
  Result<void> made = make_folders(path.substr(0, path.rfind('/')));
  if (!made.ok()) return cache_error(std::move(made).error());
  auto state = std::make_unique<State>();
  const std::string scratch = path + ".scratch";
  state->scratch = Fd(::open(scratch.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!state->scratch.is_open()) return cache_error(errno, "create", scratch);
  ::unlink(scratch.c_str());
  state->path = std::move(path);
  return std::unique_ptr<IndexTableBuilder>(new IndexTableBuilder(std::move(state)));
}

void IndexTableBuilder::add_source(const IndexId& source) {
  const MutexLock lock(state_->mutex);
  state_->sources.push_back(source);
}

Result<void> IndexTableBuilder::add(const PackId& pack, const std::vector<PackEntry>& entries) {
  const MutexLock lock(state_->mutex);
  const std::uint32_t ordinal = state_->ordinal_of(pack);
  for (const PackEntry& entry : entries) {
    const std::uint32_t tree_bit = entry.type == BlobType::Tree ? 1U << 31 : 0;
    TRY(state_->append_row(
        {entry.id, ordinal | tree_bit, entry.offset, entry.length, entry.uncompressed_length}));
  }
  return {};
}

Result<void> IndexTableBuilder::add(const IndexTable& table) {
  const MutexLock lock(state_->mutex);
  for (const IndexId& source : table.sources()) state_->sources.push_back(source);
  std::vector<std::uint32_t> ordinals;
  for (const IndexPackRow& pack : table.packs()) ordinals.push_back(state_->ordinal_of(pack.id));
  for (IndexRow row : table.rows()) {
    if (row.pack() >= ordinals.size()) {
      return error(Code::Corrupt, "{} names a pack that it does not have", table.path())
          .on(Side::Cache);
    }
    row.pack_and_type = ordinals[row.pack()] | (row.pack_and_type & 1U << 31);
    TRY(state_->append_row(row));
  }
  return {};
}

Result<IndexTable> IndexTableBuilder::finish() {
  State& state = *state_;
  const MutexLock lock(state.mutex);
  TRY(state.flush());
  Header header{kMagic, state.sources.size(), state.packs.size(), state.rows, 0, boot_id()};
  const Layout layout(header);
  const std::string temporary = building_path(state.path);
  const Fd fd(::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.is_open()) return cache_error(errno, "create", temporary);
  // Blocks are reserved, so that a full disk is an error here and no fault at a mapped page.
  if (const int problem = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(layout.end));
      problem != 0) {
    return cache_error(problem, "reserve space for", temporary);
  }
  void* const mapped = ::mmap(nullptr, layout.end, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return cache_error(errno, "map", temporary);
  auto* const base = static_cast<std::byte*>(mapped);
  const std::unique_ptr<const std::byte, Unmap> unmap(base, {layout.end});
  const std::span fan_out(reinterpret_cast<std::uint32_t*>(base + layout.fan_out), kBuckets + 1);
  const std::span rows(reinterpret_cast<IndexRow*>(base + layout.rows), header.rows);
  TRY(state.scatter(fan_out, rows));
  TRY(sort_buckets(fan_out, rows));
  if (state.pack_seen_twice) header.rows = drop_repeated(fan_out, rows);
  // Not memcpy: a table of broken index files has no sources, and their vector no memory.
  std::copy(state.sources.begin(), state.sources.end(),
            reinterpret_cast<IndexId*>(base + layout.sources));
  write_pack_rows(state.packs, rows.first(header.rows),
                  {reinterpret_cast<IndexPackRow*>(base + layout.packs), header.packs});
  const std::size_t end = Layout(header).end;
  header.checksum = checksum_of({base + sizeof(Header), end - sizeof(Header)});
  std::memcpy(base, &header, sizeof header);
  if (::ftruncate(fd.get(), static_cast<off_t>(end)) != 0) {
    return cache_error(errno, "truncate", temporary);
  }
  if (::rename(temporary.c_str(), state.path.c_str()) != 0) {
    return cache_error(errno, "rename to", state.path);
  }
  return IndexTable::open(state.path).on(Side::Cache);
}

}  // namespace firebreak
