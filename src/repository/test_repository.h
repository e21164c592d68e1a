// A repository in memory for tests of verbs, and what should be in it.
#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <unistd.h>

#include "backend/memory.h"
#include "base/random.h"
#include "repository/blob_saver.h"
#include "repository/blob_set.h"

namespace firebreak {

using Blobs = std::map<BlobKey, Bytes>;

class TestRepository {
 public:
  explicit TestRepository(unsigned version = 2)
      : folder_(fmt::format("{}/repository-{}-{}", testing::TempDir(), getpid(), number_++)) {
    std::filesystem::remove_all(folder_);
    const ScryptCost cheap{2, 1, 1};
    const MasterKey master = MasterKey::generate();
    Config config = Config::generate();
    config.version = version;
    CHECK(add_key(backend, master, "secret", {"me", "here"}, system_clock().now(), cheap, {}).ok());
    CHECK(save_config(backend, Sealer(master), config, {}).ok());
  }
  ~TestRepository() { std::filesystem::remove_all(folder_); }
  TestRepository(const TestRepository&) = delete;
  TestRepository& operator=(const TestRepository&) = delete;

  // By way of another backend, and without its index.
  Result<std::unique_ptr<Repository>> try_open(Backend& through) {
    return Repository::open(through, "secret", "", folder_, {});
  }
  std::unique_ptr<Repository> open_unindexed(Backend& through) {
    auto opened = try_open(through);
    CHECK(opened.ok());
    return std::move(*opened);
  }
  std::unique_ptr<Repository> open(OnBroken on_broken = OnBroken::Fail) {
    auto opened = open_unindexed(backend);
    const Result<void> loaded = opened->load_index(on_broken, {});
    EXPECT_TRUE(loaded.ok()) << loaded.error().message();
    return opened;
  }

  // Saves random blobs, half of them compressible, into packs of about `pack_size`.
  Blobs save(Random& random, int count, std::size_t pack_size = 20'000) {
    Blobs saved;
    const auto repository = open();
    BlobSaver::Options options;
    options.pack_size = pack_size;
    BlobSaver saver(*repository, options, {});
    for (int i = 0; i < count; ++i) {
      Bytes blob(1 + random.below(3000));
      random.fill(std::span(blob).first(blob.size() / (1 + random.below(2))));
      const BlobType type = random.below(4) == 0 ? BlobType::Tree : BlobType::Data;
      const Result<SavedBlob> result = saver.save(type, blob);
      CHECK(result.ok());
      saved[{type, result->id}] = std::move(blob);
    }
    CHECK(saver.finish().ok());
    return saved;
  }

  // Every one of `blobs` loads and is what it was, from the files alone.
  void expect(const Blobs& blobs) {
    std::filesystem::remove_all(folder_);
    const auto repository = open();
    std::size_t wrong = 0;
    for (const auto& [key, blob] : blobs) {
      const Result<Bytes> loaded = repository->load_blob(key.type, key.id, {}, {});
      if (!loaded.ok() || *loaded != blob) ++wrong;
    }
    EXPECT_EQ(wrong, 0U) << "of " << blobs.size();
  }

  std::size_t count(FileType type) const {
    std::size_t found = 0;
    for (const auto& [file, bytes] : backend.files()) found += file.type == type ? 1 : 0;
    return found;
  }
  // The first pack that holds the blob.
  PackId pack_of(const BlobKey& key) {
    return open(OnBroken::Skip)->index().find(key.type, key.id).at(0).pack;
  }
  // Changes or removes one file behind everybody's back.
  void damage(const FileName& file, const std::function<void(Bytes&)>& change) {
    auto files = backend.files();
    change(files.at(file));
    backend.set_files(std::move(files));
  }
  void lose(const FileName& file) {
    auto files = backend.files();
    CHECK(files.erase(file) == 1);
    backend.set_files(std::move(files));
  }

  MemoryBackend backend;

 private:
  static inline int number_ = 0;
  std::string folder_;
};

// The members of `blobs` that `random` takes, about one in `one_in` left out.
inline Blobs some_of(const Blobs& blobs, Random& random, std::uint64_t one_in) {
  Blobs taken;
  for (const auto& [key, blob] : blobs) {
    if (random.below(one_in) != 0) taken[key] = blob;
  }
  return taken;
}

inline BlobSet set_of(const Repository& repository, const Blobs& blobs) {
  BlobSet set(repository.index().tables());
  for (const auto& [key, blob] : blobs) set.insert(key.type, key.id);
  return set;
}

}  // namespace firebreak
