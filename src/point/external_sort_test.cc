#include "base/external_sort.h"

#include <algorithm>
#include <gtest/gtest.h>

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

TEST(ExternalSortTest, NamesTheFolderItCannotUse) {
  ExternalSort sort("/nowhere", 1);
  ASSERT_TRUE(sort.add("a", {}).ok());
  const Result<void> refused = sort.add("b", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("/nowhere"), std::string::npos);
}

}  // namespace
}  // namespace firebreak
