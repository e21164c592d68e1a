#include "backend/local.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "crypto/sha256.h"

namespace firebreak {
namespace {

constexpr FileType kTypesInFolders[] = {FileType::Key, FileType::Lock, FileType::Snapshot,
                                        FileType::Index, FileType::Pack};

class LocalTest : public testing::Test {
 protected:
  LocalTest() : path_(fmt::format("{}/local_test-{}", testing::TempDir(), getpid())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~LocalTest() override { std::filesystem::remove_all(path_); }

  std::string path_;
};

// Tools that copy a repository may leave out folders that are empty.
TEST_F(LocalTest, MakesAMissingFolder) {
  LocalBackend backend(path_);
  const Bytes bytes{std::byte{1}};
  for (const FileType type : kTypesInFolders) {
    const FileName file{type, to_hex(sha256(bytes))};
    const auto before = list_all(backend, type, {});
    ASSERT_TRUE(before.ok());
    EXPECT_TRUE(before->empty());
    const Result<void> saved = backend.save(file, bytes, {});
    ASSERT_TRUE(saved.ok()) << saved.error().message();
    EXPECT_EQ(*backend.load(file, {}, {}, {}), bytes);
    EXPECT_EQ(list_all(backend, type, {})->size(), 1U);
    const auto mode =
        std::filesystem::status(path_ + "/" + std::string(folder(type))).permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_all);
  }
}

// What is listed can be loaded: a pack in the wrong folder would count as there, a folder as a
// file.
TEST_F(LocalTest, ListsWhatItFindsByNameAlone) {
  LocalBackend backend(path_);
  ASSERT_TRUE(backend.create({}).ok());
  const std::string pack(64, 'a');
  std::ofstream(path_ + "/data/bb/" + pack) << "misplaced";
  std::filesystem::create_directory(path_ + "/data/cc/" + std::string(64, 'c'));
  std::filesystem::create_directory(path_ + "/index/" + pack);
  for (const FileType type : {FileType::Pack, FileType::Index}) {
    EXPECT_TRUE(list_all(backend, type, {})->empty());
  }
  const FileName folder{FileType::Pack, std::string(64, 'c')};
  EXPECT_TRUE(failed_with(backend.load(folder, {}, {}, {}), Code::NotFound));
  EXPECT_TRUE(failed_with(backend.load(folder, {0, 1}, {}, {}), Code::NotFound));
  EXPECT_TRUE(failed_with(backend.stat(folder, {}), Code::NotFound));
  EXPECT_TRUE(failed_with(backend.remove(folder, {}), Code::NotFound));
  const Result<std::vector<Stray>> strays = backend.find_strays({});
  ASSERT_TRUE(strays.ok());
  const std::string cs(64, 'c');
  EXPECT_THAT(*strays, testing::UnorderedElementsAre(
                           Stray{{FileType::Pack, pack}, "data/bb/" + pack, StrayKind::Misplaced},
                           Stray{folder, "data/cc/" + cs, StrayKind::NotAFile},
                           Stray{{FileType::Index, pack}, "index/" + pack, StrayKind::NotAFile}));
  std::filesystem::rename(path_ + "/data/bb/" + pack, path_ + "/data/aa/" + pack);
  EXPECT_EQ(list_all(backend, FileType::Pack, {})->size(), 1U);
}

TEST_F(LocalTest, RemovesWhatAKilledWriterLeftADayAgo) {
  const std::string folder = path_ + "/firebreak-tmp/";
  std::filesystem::create_directories(folder);
  const std::string old = folder + "0123456789abcdef01234567";
  const std::string fresh = folder + "89abcdef0123456789abcdef";
  for (const std::string& path : {old, fresh}) std::ofstream(path) << "half";
  const auto now = std::filesystem::last_write_time(fresh);
  std::filesystem::last_write_time(old, now - std::chrono::hours(25));
  std::filesystem::last_write_time(fresh, now - std::chrono::hours(23));
  LocalBackend backend(path_);
  const Bytes bytes{std::byte{1}};
  ASSERT_TRUE(backend.save({FileType::Key, to_hex(sha256(bytes))}, bytes, {}).ok());
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(fresh));
}

}  // namespace
}  // namespace firebreak
