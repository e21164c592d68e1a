#include "backend/caching.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "backend/faulty.h"
#include "backend/memory.h"
#include "base/file.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

FileName named(FileType type, std::string_view text) {
  return {type, to_hex(sha256(as_bytes(text)))};
}

class CachingTest : public testing::Test {
 protected:
  CachingTest() {
    std::string pattern = testing::TempDir() + "caching-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    open();
  }
  ~CachingTest() override {
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(folder_);
  }

  void open() {
    auto faulty = std::make_unique<FaultyBackend>(memory_, clock_);
    faulty_ = faulty.get();
    backend_ = caching(std::move(faulty), folder_ + "/cache");
  }
  // How many loads reached the repository.
  std::size_t loads() {
    std::size_t count = 0;
    for (const BackendCall& call : faulty_->calls()) count += call.operation == Operation::Load;
    return count;
  }
  std::string load(const FileName& file) {
    const Result<Bytes> loaded = backend_->load(file, {}, {}, {});
    return loaded.ok() ? to_text(*loaded) : std::string(name(loaded.error().code()));
  }
  std::string path(const FileName& file) {
    return fmt::format("{}/cache/{}/{}", folder_, folder(file.type), file.name);
  }

  MemoryBackend memory_;
  FakeClock clock_{WallTime{}};
  FaultyBackend* faulty_ = nullptr;
  std::string folder_;
  std::unique_ptr<Backend> backend_;
  const FileName index_ = named(FileType::Index, "index");
};

TEST_F(CachingTest, LoadsOnceWhatItKeeps) {
  for (const FileType type : {FileType::Index, FileType::Snapshot}) {
    open();
    const FileName file = named(type, "text");
    memory_.set_files({{file, to_bytes("text")}});
    EXPECT_EQ(load(file), "text");
    EXPECT_EQ(load(file), "text");
    EXPECT_EQ(loads(), 1);
  }
}

TEST_F(CachingTest, KeepsWhatItSaves) {
  ASSERT_TRUE(backend_->save(index_, as_bytes("index"), {}).ok());
  EXPECT_EQ(load(index_), "index");
  EXPECT_EQ(loads(), 0);
}

TEST_F(CachingTest, KeepsNothingThatCouldNotBeSaved) {
  faulty_->set_plan({{.operation = Operation::Save}});
  ASSERT_FALSE(backend_->save(index_, as_bytes("index"), {}).ok());
  EXPECT_FALSE(fs::exists(path(index_)));
}

TEST_F(CachingTest, KeepsNeitherKeysNorLocksNorPacksNorConfig) {
  for (const FileType type : {FileType::Key, FileType::Lock, FileType::Pack}) {
    const FileName file = named(type, "text");
    ASSERT_TRUE(backend_->save(file, as_bytes("text"), {}).ok());
    EXPECT_EQ(load(file), "text");
  }
  ASSERT_TRUE(backend_->save(config_file(), as_bytes("config"), {}).ok());
  EXPECT_EQ(load(config_file()), "config");
  EXPECT_EQ(loads(), 4);
  EXPECT_FALSE(fs::exists(folder_ + "/cache"));
}

TEST_F(CachingTest, DropsABrokenEntryAndLoadsAfresh) {
  ASSERT_TRUE(backend_->save(index_, as_bytes("index"), {}).ok());
  for (const std::string_view broken : {"", "indey", "ind", "index and more"}) {
    std::ofstream(path(index_), std::ios::trunc) << broken;
    EXPECT_EQ(load(index_), "index");
    EXPECT_EQ(to_text(*read_file(path(index_), 100)), "index");
  }
  EXPECT_EQ(loads(), 4);
}

TEST_F(CachingTest, NeverKeepsBytesThatDoNotFitTheirName) {
  memory_.set_files({{index_, to_bytes("damaged")}});
  EXPECT_EQ(load(index_), "damaged");  // The reader finds it out.
  EXPECT_FALSE(fs::exists(path(index_)));
  memory_.set_files({{index_, to_bytes("index")}});
  EXPECT_EQ(load(index_), "index");
}

TEST_F(CachingTest, DoesNotSayWhatExists) {
  ASSERT_TRUE(backend_->save(index_, as_bytes("index"), {}).ok());
  memory_.set_files({});
  EXPECT_TRUE(failed_with(backend_->stat(index_, {}), Code::NotFound));
  EXPECT_TRUE(failed_with(backend_->remove(index_, {}), Code::NotFound));
  EXPECT_TRUE(list_all(*backend_, FileType::Index, {})->empty());
}

TEST_F(CachingTest, ForgetsWhatIsRemovedAndWhatIsNoLongerListed) {
  const FileName other = named(FileType::Index, "other");
  ASSERT_TRUE(backend_->save(index_, as_bytes("index"), {}).ok());
  ASSERT_TRUE(backend_->save(other, as_bytes("other"), {}).ok());
  ASSERT_TRUE(backend_->remove(index_, {}).ok());
  EXPECT_FALSE(fs::exists(path(index_)));
  EXPECT_EQ(load(index_), "not found");
  memory_.set_files({});
  ASSERT_TRUE(list_all(*backend_, FileType::Index, {}).ok());
  EXPECT_FALSE(fs::exists(path(other)));
}

TEST_F(CachingTest, ABrokenListingForgetsNothing) {
  ASSERT_TRUE(backend_->save(index_, as_bytes("index"), {}).ok());
  faulty_->set_plan({{.fault = Fault::ListBreaks}});
  ASSERT_FALSE(list_all(*backend_, FileType::Index, {}).ok());
  EXPECT_TRUE(fs::exists(path(index_)));
}

TEST_F(CachingTest, WorksWithoutAFolder) {
  std::ofstream(folder_ + "/cache") << "a file where the folder should be";
  ASSERT_TRUE(backend_->save(index_, as_bytes("index"), {}).ok());
  EXPECT_EQ(load(index_), "index");
  EXPECT_EQ(list_all(*backend_, FileType::Index, {})->size(), 1);
  EXPECT_TRUE(backend_->remove(index_, {}).ok());
}

TEST_F(CachingTest, PartsComeFromTheRepository) {
  ASSERT_TRUE(backend_->save(index_, as_bytes("index"), {}).ok());
  EXPECT_EQ(to_text(*backend_->load(index_, {1, 3}, {}, {})), "nde");
  EXPECT_EQ(loads(), 1);
}

TEST_F(CachingTest, OnlyItsOwnerReadsIt) {
  ASSERT_TRUE(backend_->save(index_, as_bytes("index"), {}).ok());
  struct stat status {};
  ASSERT_EQ(::stat((folder_ + "/cache").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

}  // namespace
}  // namespace firebreak
