#include "repository/index.h"

#include <csignal>
#include <fstream>
#include <sys/resource.h>

#include "repository/test_repository.h"

namespace firebreak {
namespace {

// A cache folder that fails, and what takes its place.
class CacheTest : public testing::Test {
 protected:
  CacheTest() : folder_(fmt::format("{}/cache_test-{}", testing::TempDir(), getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    blobs_ = made_.save(random_, 50);
  }
  ~CacheTest() override { std::filesystem::remove_all(folder_); }

  std::string cache() const { return folder_ + "/cache"; }
  std::string other() const { return folder_ + "/other"; }
  std::unique_ptr<Repository> open(std::function<void()> when_asked = [] {}) {
    const auto instead = [this, when_asked](const Error& problem) -> Result<std::string> {
      problems_.push_back(problem.message());
      when_asked();
      return other();
    };
    return *Repository::open(made_.backend, "secret", "", CacheFolder(cache(), instead), {});
  }
  void make_file(const std::string& path) { std::ofstream(path) << "in the way"; }
  void save_more(Repository& repository) {
    BlobSaver saver(repository, {}, {});
    Bytes blob(1000);
    random_.fill(blob);
    const Result<SavedBlob> saved = saver.save(BlobType::Data, blob);
    ASSERT_TRUE(saved.ok());
    blobs_[{BlobType::Data, saved->id}] = blob;
    const Result<void> finished = saver.finish();
    ASSERT_TRUE(finished.ok()) << finished.error().message();
  }
  void expect_all(const Repository& repository) {
    for (const auto& [key, blob] : blobs_) {
      EXPECT_EQ(*repository.load_blob(key.type, key.id, {}, {}), blob);
    }
  }

  Random random_{1};
  TestRepository made_;
  Blobs blobs_;
  std::string folder_;
  std::vector<std::string> problems_;
};

TEST_F(CacheTest, OneThatCannotBeMadeIsReplacedOnce) {
  make_file(cache());
  const auto repository = open();
  for (int time = 0; time < 2; ++time) {
    ASSERT_TRUE(repository->load_index(OnBroken::Fail, {}).ok());
    save_more(*repository);
    expect_all(*repository);
  }
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_NE(problems_[0].find(cache()), std::string::npos);
  EXPECT_NE(problems_[0].find("--cache-dir"), std::string::npos);
}

TEST_F(CacheTest, WithoutAnotherItsFailureIsAnError) {
  make_file(cache());
  const auto repository = *Repository::open(made_.backend, "secret", "", cache(), {});
  const Result<void> loaded = repository->load_index(OnBroken::Skip, {});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().side(), Side::Cache);
}

TEST_F(CacheTest, OneThatGrowsFullIsReplaced) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  for (const rlim_t size : {1U, 1000U, 100'000U}) {  // the scratch file's, and the table's
    std::filesystem::remove_all(cache());
    rlimit full = before;
    full.rlim_cur = size;
    const auto repository = open([&] { setrlimit(RLIMIT_FSIZE, &before); });
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
    const Result<void> loaded = repository->load_index(OnBroken::Fail, {});
    setrlimit(RLIMIT_FSIZE, &before);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message();
    expect_all(*repository);
    for (const auto& left : std::filesystem::recursive_directory_iterator(cache())) {
      EXPECT_TRUE(left.is_directory()) << left.path();
    }
  }
  EXPECT_EQ(problems_.size(), 3U);
}

TEST_F(CacheTest, OneThatGoesAwayIsMadeAnew) {
  const auto repository = open();
  ASSERT_TRUE(repository->load_index(OnBroken::Fail, {}).ok());
  std::filesystem::remove_all(cache());
  save_more(*repository);
  expect_all(*repository);
  EXPECT_TRUE(problems_.empty());
}

TEST_F(CacheTest, OneThatFailsMidwayIsReplaced) {
  const auto repository = open();
  ASSERT_TRUE(repository->load_index(OnBroken::Fail, {}).ok());
  std::filesystem::remove_all(cache());
  make_file(cache());
  save_more(*repository);
  save_more(*repository);
  expect_all(*repository);
  EXPECT_EQ(problems_.size(), 1U);
}

TEST_F(CacheTest, ADamagedIndexFileIsNamedWithTheWayOut) {
  for (const auto& [file, bytes] : made_.backend.files()) {
    if (file.type != FileType::Index) continue;
    made_.damage(file, [](Bytes& stored) { stored.at(40) ^= std::byte{1}; });
    const auto repository = open();
    const Result<void> loaded = repository->load_index(OnBroken::Fail, {});
    ASSERT_TRUE(failed_with(loaded, Code::Corrupt));
    EXPECT_NE(loaded.error().message().find(file.name), std::string::npos);
    EXPECT_NE(loaded.error().message().find("firebreak repair index"), std::string::npos);
  }
}

TEST_F(CacheTest, DamagedIndexFilesAreNamedOnceWhereItIsReplaced) {
  make_file(cache());
  for (const auto& [file, bytes] : made_.backend.files()) {
    if (file.type == FileType::Index) {
      made_.damage(file, [](Bytes& stored) { stored.at(40) ^= std::byte{1}; });
    }
  }
  const auto repository = open();
  ASSERT_TRUE(repository->load_index(OnBroken::Skip, {}).ok());
  EXPECT_EQ(repository->index().broken().size(), 1U);
}

}  // namespace
}  // namespace firebreak
