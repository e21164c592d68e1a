// Cached tables lie on a disk that may rot. The input edits a good table: a kind byte, then pairs
// of position and value. A damaged table is refused or read without crash; where the checksum is
// looked at (kind bit 0: as if after a reboot) and is itself as written, answers are right.
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <unistd.h>

#include "base/random.h"
#include "repository/index_table.h"

namespace firebreak {
namespace {

constexpr std::size_t kHeaderSize = 80;
constexpr std::size_t kChecksumAt = 32;
constexpr std::size_t kBootIdAt = 40;
constexpr std::size_t kFanOutAt = kHeaderSize + 2 * 32 + 3 * 40;

struct Edit {
  std::size_t at;
  std::byte value;
};

struct Example {
  Bytes bytes;
  std::vector<PackEntry> entries;
  Fd file;  // in memory; the edits are made to it and taken back
  std::string path;
};

PackEntry entry_of(Random& random) {
  PackEntry entry;
  entry.type = random.below(2) == 0 ? BlobType::Data : BlobType::Tree;
  random.fill(entry.id.bytes);
  entry.length = static_cast<std::uint32_t>(kSealOverhead + random.below(1000));
  entry.offset = static_cast<std::uint32_t>(random.below(1 << 20));
  return entry;
}

const Example& example() {
  static const Example made = [] {
    Random random(1);
    const std::string path =
        std::filesystem::temp_directory_path() / fmt::format("index_table_fuzz-{}", ::getpid());
    auto builder = IndexTableBuilder::create(path);
    CHECK(builder.ok());
    Example result;
    for (int source = 0; source < 2; ++source) {
      IndexId id;
      random.fill(id.bytes);
      (*builder)->add_source(id);
    }
    for (int pack = 0; pack < 3; ++pack) {
      PackId id;
      random.fill(id.bytes);
      const std::vector<PackEntry> entries = {entry_of(random), entry_of(random)};
      CHECK((*builder)->add(id, entries).ok());
      result.entries.insert(result.entries.end(), entries.begin(), entries.end());
    }
    CHECK((*builder)->finish().ok());
    result.bytes = *read_file(path, 1 << 24);
    ::unlink(path.c_str());
    result.file = Fd(::memfd_create("index_table_fuzz", 0));
    CHECK(result.file.is_open() && write_all(result.file.get(), result.bytes).ok());
    result.path = fmt::format("/proc/self/fd/{}", result.file.get());
    return result;
  }();
  return made;
}

// Positions are spread so that short inputs reach everything: the head, the buckets in use and the
// rows.
std::size_t position(ByteView raw) {
  const std::size_t value =
      std::to_integer<std::size_t>(raw[1]) << 8 | std::to_integer<std::size_t>(raw[2]);
  const std::size_t size = example().bytes.size();
  switch (std::to_integer<unsigned>(raw[0]) % 4) {
    case 0:
      return value % kFanOutAt;
    case 1: {
      const BlobId& id = example().entries[value / 16 % example().entries.size()].id;
      const std::size_t bucket = std::to_integer<std::size_t>(id.bytes[0]) << 8 |
                                 std::to_integer<std::size_t>(id.bytes[1]);
      return kFanOutAt + bucket * 4 + value % 8;
    }
    case 2:
      return size - 1 - value % 400;
    default:
      return (value * 4099) % size;
  }
}

bool answers_right(const IndexTable& table) {
  for (const PackEntry& entry : example().entries) {
    const auto rows = table.find(entry.type, entry.id);
    if (rows.size() != 1 || rows[0].entry() != entry) return false;
  }
  return table.rows().size() == example().entries.size();
}

// Nothing that is read may lie outside of the file: a sanitizer or the processor notices.
void read_everything(const IndexTable& table) {
  std::uint64_t sum = 0;
  for (const PackEntry& entry : example().entries) {
    for (const IndexRow& row : table.find(entry.type, entry.id)) {
      CHECK(row.pack() < table.packs().size());
      sum += table.packs()[row.pack()].size;
    }
  }
  for (const IndexRow& row : table.rows()) sum += row.length;
  for (const IndexPackRow& pack : table.packs()) sum += pack.size;
  for (const IndexId& source : table.sources()) sum += std::to_integer<unsigned>(source.bytes[0]);
  volatile std::uint64_t kept = sum;
  (void)kept;
}

void check_table(bool rebooted, bool checksum_kept, bool changed) {
  const Result<IndexTable> table = IndexTable::open(example().path);
  if (!table.ok()) {
    CHECK(failed_with(table, Code::Corrupt) && changed);
    return;
  }
  read_everything(*table);
  if (rebooted && checksum_kept) CHECK(answers_right(*table));
  const std::string merged =
      std::filesystem::temp_directory_path() / fmt::format("index_table_merge-{}", ::getpid());
  const auto builder = IndexTableBuilder::create(merged);
  CHECK(builder.ok());
  const Result<void> added = (*builder)->add(*table);
  CHECK(added.ok() || failed_with(added, Code::Corrupt));
}

}  // namespace
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input = std::as_bytes(std::span(data, size));
  if (input.empty()) return 0;
  const Example& good = example();
  const bool rebooted = (std::to_integer<unsigned>(input[0]) & 1) != 0;
  std::vector<Edit> edits;
  if (rebooted) edits.push_back({kBootIdAt, good.bytes[kBootIdAt] ^ std::byte{1}});
  bool checksum_kept = true;
  for (input = input.subspan(1); input.size() >= 4; input = input.subspan(4)) {
    const std::size_t at = position(input);
    if (at >= kBootIdAt && at < kHeaderSize) continue;  // that is what the kind byte says
    checksum_kept = checksum_kept && (at < kChecksumAt || at >= kBootIdAt);
    edits.push_back({at, input[3]});
  }
  bool changed = false;
  for (const Edit& edit : edits) {
    changed = changed || good.bytes[edit.at] != edit.value;
    CHECK(::pwrite(good.file.get(), &edit.value, 1, static_cast<off_t>(edit.at)) == 1);
  }
  check_table(rebooted, checksum_kept, changed);
  for (const Edit& edit : edits) {
    CHECK(::pwrite(good.file.get(), &good.bytes[edit.at], 1, static_cast<off_t>(edit.at)) == 1);
  }
  return 0;
}

}  // namespace firebreak
