// Every bit of every file of a small repository flipped, and every file cut at every length. After
// each, what is read is an error or what was written: never other bytes. Damage is tried under the
// file's old name, as a disk makes it, and under the name that the damaged bytes have, as whoever
// can write to the store makes it.
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

#include "backend/memory.h"
#include "crypto/sha256.h"
#include "fault/workload.h"
#include "repository/unpacked.h"

namespace firebreak {
namespace {

using Files = std::map<FileName, Bytes>;

class BitFlips : public testing::Test {
 protected:
  BitFlips()
      : cache_(testing::TempDir() + "/bit_flips-" + std::to_string(getpid())),
        clock_(kWorkloadTime) {
    std::filesystem::remove_all(cache_);
    CHECK(make_repository(backend_, clock_).ok());
    CHECK(save_seeded(backend_, cache_, 1, clock_).ok());
    files_ = backend_.files();
    repository_ = std::move(*Repository::open(backend_, kPassword, "", cache_, {}));
    CHECK(repository_->load_index(OnBroken::Fail, {}).ok());
    for (const IndexTable& table : repository_->index().tables()) {
      for (const IndexRow& row : table.rows()) {
        const PackId pack = table.packs()[row.pack()].id;
        entries_[pack].push_back(row.entry());
        blobs_[row.id] = *repository_->load_blob(row.type(), row.id, {}, {});
      }
    }
    for (auto& [pack, entries] : entries_) {
      std::sort(entries.begin(), entries.end(),
                [](const PackEntry& a, const PackEntry& b) { return a.offset < b.offset; });
    }
  }
  ~BitFlips() override { std::filesystem::remove_all(cache_); }

  // Whether the damage is seen, with `damaged` in place of `file` and under its own name. Fails the
  // test where wrong bytes come out.
  bool is_seen(const FileName& file, const Bytes& damaged) {
    return is_seen_in_place(file, damaged) && is_seen_renamed(file, damaged);
  }

  bool is_seen_in_place(const FileName& file, const Bytes& damaged) {
    Files files = files_;
    files[file] = damaged;
    backend_.set_files(std::move(files));
    switch (file.type) {
      case FileType::Config: {
        const Result<Config> config = load_config(backend_, repository_->sealer(), {});
        return !config.ok();
      }
      case FileType::Key: {
        const Result<OpenedKey> key = find_key(backend_, kPassword, "", {});
        return !key.ok();
      }
      case FileType::Pack:
        return is_pack_damage_seen(file, damaged);
      case FileType::Index:
      case FileType::Snapshot:
      case FileType::Lock:
        return failed_with(load_unpacked(backend_, repository_->sealer(), file, {}), Code::Corrupt);
    }
    return false;
  }

 private:
  bool is_pack_damage_seen(const FileName& file, const Bytes& damaged) {
    const PackId pack = *PackId::parse(file.name);
    for (const PackEntry& entry : entries_.at(pack)) {
      const Result<Bytes> blob = repository_->load_blob(entry.type, entry.id, {}, {});
      EXPECT_TRUE(!blob.ok() || *blob == blobs_.at(entry.id)) << "WRONG BYTES";
    }
    // What no blob covers is header and trailer.
    return !verify_pack(repository_->sealer(), damaged, entries_.at(pack)).ok();
  }

  bool is_seen_renamed(const FileName& file, const Bytes& damaged) {
    if (file.type == FileType::Config || file.type == FileType::Pack) return true;
    const FileName renamed{file.type, to_hex(sha256(damaged))};
    Files files = files_;
    files.erase(file);
    files[renamed] = damaged;
    backend_.set_files(std::move(files));
    if (file.type == FileType::Key) {
      // Only the date and the names in a key file are without protection.
      const Result<OpenedKey> key = find_key(backend_, kPassword, "", {});
      if (!key.ok()) return true;
      const MasterKey& right = repository_->sealer().key();
      EXPECT_EQ(key->master.encrypt, right.encrypt);
      EXPECT_EQ(key->master.mac_k, right.mac_k);
      return true;
    }
    return failed_with(load_unpacked(backend_, repository_->sealer(), renamed, {}), Code::Corrupt);
  }

 protected:
  std::string cache_;
  FakeClock clock_;
  MemoryBackend backend_;
  Files files_;
  std::unique_ptr<Repository> repository_;
  std::map<PackId, std::vector<PackEntry>> entries_;
  std::map<BlobId, Bytes> blobs_;
};

TEST_F(BitFlips, EveryFlippedBitIsSeen) {
  std::size_t flips = 0;
  for (const auto& [file, bytes] : files_) {
    Bytes damaged = bytes;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit, ++flips) {
      damaged[bit / 8] ^= std::byte{1} << (bit % 8);
      EXPECT_TRUE(is_seen(file, damaged)) << to_string(file) << " bit " << bit;
      damaged[bit / 8] = bytes[bit / 8];
    }
  }
  std::printf("%zu bits of %zu files flipped\n", flips, files_.size());
  EXPECT_GT(flips, 10'000U);
}

TEST_F(BitFlips, EveryCutIsSeen) {
  std::size_t cuts = 0;
  for (const auto& [file, bytes] : files_) {
    for (std::size_t size = 0; size < bytes.size(); ++size, ++cuts) {
      const Bytes damaged(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_TRUE(is_seen(file, damaged)) << to_string(file) << " cut to " << size;
    }
  }
  std::printf("%zu cuts\n", cuts);
}

// The same through the front door, on every 97th bit: all that a person would read.
TEST_F(BitFlips, AWholeReadReportsDamageOrGivesTheRightBytes) {
  std::size_t flips = 0;
  std::size_t harmless = 0;
  for (const auto& [file, bytes] : files_) {
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 97, ++flips) {
      Files files = files_;
      files[file][bit / 8] ^= std::byte{1} << (bit % 8);
      backend_.set_files(std::move(files));
      const Result<std::vector<std::uint64_t>> seeds = seeds_of_intact(backend_, cache_ + "-open");
      if (seeds.ok()) {
        EXPECT_EQ(*seeds, std::vector<std::uint64_t>{1});
        EXPECT_EQ(file.type, FileType::Pack) << to_string(file) << " bit " << bit;  // its header
        ++harmless;
      } else {
        EXPECT_EQ(seeds.error().message().find("WRONG BYTES"), std::string::npos);
      }
    }
  }
  backend_.set_files(files_);
  std::filesystem::remove_all(cache_ + "-open");
  std::printf("%zu bits, %zu of them in pack headers, which reading does not need\n", flips,
              harmless);
}

// A file that is whole but stands in another's place.
TEST_F(BitFlips, SwappedFilesAreSeen) {
  for (const auto& [file, bytes] : files_) {
    for (const auto& [other, other_bytes] : files_) {
      if (file == other) continue;
      EXPECT_TRUE(is_seen_in_place(file, other_bytes))
          << to_string(other) << " as " << to_string(file);
    }
  }
}

}  // namespace
}  // namespace firebreak
