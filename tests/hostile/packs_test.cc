// Packs, index files and documents that are sealed with the right key and lie.
#include "crypto/sha256.h"
#include "hostile/hostile.h"
#include "repository/check.h"
#include "repository/index_file.h"
#include "repository/prune.h"
#include "repository/unpacked.h"
#include "snapshot/snapshot.h"

namespace firebreak {
namespace {

constexpr std::size_t kRunBytes = 128 * 1024;  // the longest that one block may be
// Reading holds the bytes of a few packs; a blob may take 512 MiB where it is really that large.
constexpr std::uint64_t kPeakMax = 64U << 20U;

// A zstd frame of `runs` blocks of zeros. `declared` is the size that it claims, if any.
std::string bomb(std::size_t runs, std::optional<std::uint64_t> declared, char window = 0x38) {
  std::string frame = "\x28\xb5\x2f\xfd";
  frame += declared ? '\xc0' : '\0';  // how long the declaration is
  frame += window;
  for (int i = 0; declared && i < 8; ++i) frame += static_cast<char>(*declared >> (8 * i));
  for (std::size_t i = 0; i < runs; ++i) {
    const std::uint32_t header = (i + 1 == runs ? 1U : 0U) | 1U << 1U | kRunBytes << 3U;
    for (int byte = 0; byte < 3; ++byte) frame += static_cast<char>(header >> (8 * byte));
    frame += '\0';
  }
  return frame;
}

class HostilePacks : public HostileTest {
 protected:
  // A pack with these sealed contents, in no index. Completes the entries.
  PackId store_pack(std::vector<PackEntry>& entries, const std::vector<std::string>& contents) {
    PackBuilder builder;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Bytes sealed = repository_->sealer().seal(as_bytes(contents[i]));
      entries[i].length = static_cast<std::uint32_t>(sealed.size());
      builder.add(entries[i], sealed);
    }
    entries = builder.entries();
    const Bytes file = builder.finish(repository_->sealer());
    const PackId id = id_of<PackId>(file);
    CHECK(made_.backend.save({FileType::Pack, id.hex()}, file, {}).ok());
    return id;
  }

  // Everything that reads a repository with this index file, and the file of the blobs.
  void read_with(const PackId& pack, const std::vector<PackEntry>& entries, const char* cell) {
    SCOPED_TRACE(cell);
    const auto files = made_.backend.files();
    ASSERT_TRUE(
        repository_->save_document(FileType::Index, encode_index({{pack, entries}}), {}).ok());
    repository_ = made_.open_unindexed(backend_);
    const Result<void> loaded = repository_->load_index(OnBroken::Skip, {});
    if (!loaded.ok()) expect_clean(loaded.error().message());
    if (loaded.ok()) {
      std::vector<BlobId> content;
      for (const PackEntry& entry : entries) content.push_back(entry.id);
      const BlobId root = save_tree({file_named("file", content, 1)});
      reset_peak();
      (void)exercise(root);
      check_and_prune(entries);
      EXPECT_LT(peak_bytes(), kPeakMax);
    }
    made_.backend.set_files(files);
    reopen();
  }

  void check_and_prune(const std::vector<PackEntry>& entries) {
    BlobSet used(repository_->index().tables());
    for (const PackEntry& entry : entries) used.insert(entry.type, entry.id);
    Progress progress;
    std::size_t findings = 0;
    const auto each = [&](const Finding& finding) {
      expect_clean(finding.message);
      findings += is_hint(finding.kind) ? 0 : 1;
    };
    const Result<CheckSummary> checked =
        check(*repository_, used, {ReadAllPacks{}}, each, progress, {});
    ASSERT_TRUE(checked.ok());
    EXPECT_GT(findings, 0U);
    const Result<PrunePlan> plan = plan_prune(
        *repository_, [&](std::stop_token) -> Result<BlobSet> { return std::move(used); },
        {UnusedBytes{0}}, {});
    if (!plan.ok()) expect_clean(plan.error().message());
  }
};

PackEntry entry_of(std::string_view content, std::uint32_t uncompressed_length = 0) {
  PackEntry entry;
  entry.id = id_of<BlobId>(as_bytes(content));
  entry.uncompressed_length = uncompressed_length;
  return entry;
}

TEST_F(HostilePacks, Bombs) {
  constexpr std::uint64_t kExa = std::uint64_t{1} << 60U;
  const std::vector<std::pair<std::string, std::uint32_t>> frames = {
      {bomb(8192, {}), 100},                       // a gigabyte that says nothing
      {bomb(8192, 8192 * kRunBytes), 100},         // that says what it is
      {bomb(8192, 100), 100},                      // that says less
      {bomb(8192, 8192 * kRunBytes), UINT32_MAX},  // and so does the index
      {bomb(1, kExa), UINT32_MAX},
      {bomb(1, kExa), 100},
      {bomb(1, UINT64_MAX), 100},
      {bomb(1, {}), 1U << 29U},      // the index lies alone
      {bomb(1, {}), kRunBytes - 1},  // by one
      {bomb(1, {}), kRunBytes + 1},
      {bomb(1, kRunBytes), kRunBytes + 1},
      {bomb(1, {}, static_cast<char>(0xa8)), kRunBytes},          // a window of 2 GiB
      {bomb(8, {}).substr(0, 20), 8 * kRunBytes},                 // cut
      {bomb(8, {}) + bomb(8, {}), 8 * kRunBytes},                 // two
      {std::string("\x50\x2a\x4d\x18\xff\xff\xff\xff", 8), 100},  // a frame to skip, of 4 GiB
      {"no frame", 100},
      {"", 100},
  };
  for (std::size_t i = 0; i < frames.size(); ++i) {
    for (const BlobType type : {BlobType::Data, BlobType::Tree}) {
      std::vector<PackEntry> entries = {entry_of(fmt::format("frame {}", i), frames[i].second)};
      entries[0].type = type;
      const PackId pack = store_pack(entries, {frames[i].first});
      read_with(pack, entries, fmt::format("frame {}", i).c_str());
    }
  }
  std::printf("%zu cells so far\n", cells);
}

TEST_F(HostilePacks, IndexFilesThatLie) {
  const std::string a(10'000, 'a');
  const std::string b(5'000, 'b');
  std::vector<PackEntry> honest = {entry_of(a), entry_of(b)};
  const PackId pack = store_pack(honest, {a, b});
  const auto with = [&](const char* cell, const std::function<void(std::vector<PackEntry>&)>& lie) {
    std::vector<PackEntry> entries = honest;
    lie(entries);
    read_with(pack, entries, cell);
  };
  with("one inside the other", [](auto& e) { e[1].offset = 5, e[1].length = 40; });
  with("one place", [](auto& e) { e[1].offset = 0, e[1].length = 33; });
  with("an overlap", [](auto& e) { e[1].offset -= 100; });
  with("a gap", [](auto& e) { e[1].offset += 100, e[1].length -= 100; });
  with("beyond the end", [](auto& e) { e[1].length += 100'000; });
  with("nearly 4 GiB", [](auto& e) { e[1].length = UINT32_MAX - e[1].offset; });
  with("far away", [](auto& e) { e[1].offset = UINT32_MAX - e[1].length; });
  with("too short", [](auto& e) { e[1].length = kSealOverhead; });
  with("a byte short", [](auto& e) { --e[1].length; });
  with("each other's ids", [](auto& e) { std::swap(e[0].id, e[1].id); });
  with("plain said to be compressed", [](auto& e) { e[1].uncompressed_length = 5'000; });
  with("compressed to 4 GiB", [](auto& e) { e[1].uncompressed_length = UINT32_MAX; });
  with("data said to be a tree", [](auto& e) { e[1].type = BlobType::Tree; });
  with("2,000 times", [](auto& e) { e.resize(2'000, e[1]); });
  read_with(PackId{}, honest, "a pack that is not there");
  std::printf("%zu cells so far\n", cells);
}

// Sealed documents: a bomb behind the byte that says zstd, and JSON that makes parsers recurse.
TEST_F(HostilePacks, DocumentsThatLie) {
  const std::string escape = "\\u001b[31m\\n";
  const std::string big(200'000, '[');
  std::vector<std::string> texts = {
      std::string("\x02") + bomb(8192, {}),
      std::string("\x02") + bomb(1, UINT64_MAX),
      std::string("\x03???"),
      std::string(),
      "{",
      "[]",
      big,
      "{\"time\":" + big,
      "{\"time\":\"" + escape + "\",\"exclusive\":true}",
      "{\"time\":\"" + escape + "\",\"tree\":\"" + escape + "\"}",
      "{\"time\":\"2020-01-01T00:00:00Z\",\"tree\":\"" + escape + "\"}",
      "{\"packs\":[{\"id\":\"" + escape + "\"}]}",
      "{\"packs\":" + big};
  for (const std::string& text : texts) {
    for (const FileType type : {FileType::Snapshot, FileType::Index, FileType::Lock}) {
      SCOPED_TRACE(printable(text.substr(0, 60)));
      const auto files = made_.backend.files();
      const Bytes sealed = repository_->sealer().seal(as_bytes(text));
      const std::string name = to_hex(sha256(sealed));
      ASSERT_TRUE(made_.backend.save({type, name}, sealed, {}).ok());
      reset_peak();
      const auto opened = made_.open_unindexed(backend_);
      const Result<void> loaded = opened->load_index(OnBroken::Fail, {});
      EXPECT_EQ(loaded.ok(), type != FileType::Index);
      if (!loaded.ok()) expect_clean(loaded.error().message());
      const auto snapshots = load_snapshots(*opened, {});
      EXPECT_EQ(snapshots.ok(), type != FileType::Snapshot);
      if (!snapshots.ok()) expect_clean(snapshots.error().message());
      const auto locks = list_locks(made_.backend, opened->sealer(), {});
      if (!locks.ok()) expect_clean(locks.error().message());
      // A document may be 256 MiB, and so may the room that one of unknown size grows into.
      EXPECT_LT(peak_bytes(), 600U << 20U);
      made_.backend.set_files(files);
      ++cells;
    }
  }
  std::printf("%zu cells so far\n", cells);
}

TEST_F(HostilePacks, KeysByTheThousandAndAtAnyCost) {
  const MasterKey& master = repository_->sealer().key();
  const std::string honest =
      to_text(*make_key(master, "other", {"me", "here"}, {}, ScryptCost{2, 1, 1}));
  const auto replaced = [&](std::string_view field, std::string_view by) {
    std::string key = honest;
    const std::size_t at = key.find(fmt::format("\"{}\":", field)) + field.size() + 3;
    return key.replace(at, key.find_first_of(",}", at) - at, by);
  };
  std::vector<std::string> keys = {replaced("N", "1073741824"),
                                   replaced("N", "3"),
                                   replaced("N", "-1"),
                                   replaced("r", "1073741823"),
                                   replaced("p", "1073741823"),
                                   replaced("p", "0"),
                                   replaced("kdf", "\"\\u001b[31m\""),
                                   replaced("username", "\"\\u001b[31m\\n\""),
                                   replaced("created", "\"\\u001b[31m\\n\""),
                                   replaced("salt", "\"\\u001b[31m\""),
                                   std::string(1 << 19, '['),
                                   std::string(2 << 20, ' '),
                                   "\x1b[31m"};
  const auto files = made_.backend.files();
  for (const std::string& key : keys) {
    auto only = files;
    std::erase_if(only, [](const auto& file) { return file.first.type == FileType::Key; });
    only[{FileType::Key, to_hex(sha256(as_bytes(key)))}] = to_bytes(key);
    made_.backend.set_files(only);
    reset_peak();
    const auto opened = made_.try_open(made_.backend);
    EXPECT_FALSE(opened.ok());
    if (!opened.ok()) expect_clean(opened.error().message());
    EXPECT_LT(peak_bytes(), kPeakMax);
    ++cells;
  }
  auto many = files;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = honest + std::string(static_cast<std::size_t>(i % 100), ' ') +
                            std::string(static_cast<std::size_t>(i / 100), '\n');
    many[{FileType::Key, to_hex(sha256(as_bytes(key)))}] = to_bytes(key);
  }
  made_.backend.set_files(many);
  const auto opened = made_.try_open(made_.backend);
  if (!opened.ok()) expect_clean(opened.error().message());
  ++cells;
  made_.backend.set_files(files);
  std::printf("%zu cells so far\n", cells);
}

}  // namespace
}  // namespace firebreak
