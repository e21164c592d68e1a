#include "backend/local.h"

#include <filesystem>
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

}  // namespace
}  // namespace firebreak
