#include "point/external_sort.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/random.h"

namespace firebreak {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries random_entries(Random& random, std::size_t count) {
  Entries entries;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes key(random.below(40));
    Bytes value(random.below(i % 50 == 0 ? 100'000 : 30));
    random.fill(key);
    random.fill(value);
    entries.emplace_back(to_text(key), to_text(value));
  }
  return entries;
}

TEST(ExternalSortTest, SortsWithinMemoryAndBeyond) {
  Random random(5);
  for (const std::size_t memory : {std::size_t{1}, std::size_t{5'000}, std::size_t{1} << 30}) {
    for (const std::size_t count : {0, 1, 2, 700}) {
      Entries entries = random_entries(random, count);
      ExternalSort sort(testing::TempDir(), memory);
      for (const auto& [key, value] : entries) ASSERT_TRUE(sort.add(key, as_bytes(value)).ok());
      Entries sorted;
      const Result<void> done = sort.finish([&](std::string_view key, ByteView value) {
        EXPECT_TRUE(sorted.empty() || sorted.back().first <= key);
        sorted.emplace_back(key, to_text(value));
        return Result<void>();
      });
      ASSERT_TRUE(done.ok()) << done.error().message();
      std::ranges::sort(sorted);
      std::ranges::sort(entries);
      EXPECT_EQ(sorted, entries) << memory << " bytes of memory";
    }
  }
}

// What a file without a name holds, by way of this process.
std::string text_of_nameless_file(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (gone || !target.starts_with(folder)) continue;
    const Result<Bytes> bytes = read_file(entry.path().string(), 1 << 20);
    if (bytes.ok()) return to_text(*bytes);
  }
  return {};
}

TEST(ExternalSortTest, WhatGoesToDiskIsEncrypted) {
  const std::string folder = fmt::format("{}/sort_test-{}", testing::TempDir(), getpid());
  std::filesystem::create_directories(folder);
  ExternalSort sort(std::filesystem::canonical(folder).string(), 1);
  const std::string secret(100, 's');
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(sort.add(secret, as_bytes(secret)).ok());
  const std::string stored = text_of_nameless_file(std::filesystem::canonical(folder).string());
  EXPECT_GT(stored.size(), 1000U);
  EXPECT_EQ(stored.find("ssss"), std::string::npos);
  std::filesystem::remove(folder);
}

TEST(ExternalSortTest, NamesTheFolderItCannotUse) {
  ExternalSort sort("/nowhere", 1);
  ASSERT_TRUE(sort.add("a", {}).ok());
  const Result<void> refused = sort.add("b", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("/nowhere"), std::string::npos);
}

}  // namespace
}  // namespace firebreak
