#include "point/separator.h"

#include <gtest/gtest.h>
#include <random>

#include "base/random.h"

namespace firebreak {
namespace {

std::string random_bytes(Random& random) {
  Bytes bytes(random.below(6));
  random.fill(bytes);
  for (std::byte& byte : bytes) {
    // The borders of what is escaped, half of the time.
    const std::string_view borders = "/0:@9A[`Z_a{z~%=\x01\x7f";
    if (random.below(2) == 0) byte = static_cast<std::byte>(borders[random.below(borders.size())]);
  }
  return to_text(bytes);
}

TEST(Separator, NamesKeepTheOrderOfBytes) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < 50'000; ++round) {
    const std::string a = random_bytes(random);
    const std::string b = random_bytes(random);
    const std::string name_a = separator_name(a);
    ASSERT_EQ(a < b, name_a < separator_name(b));
    const Result<std::string> back = parse_separator_name(name_a);
    ASSERT_TRUE(back.ok() && *back == a);
  }
}

TEST(Separator, HasOneName) {
  for (const auto* name : {"%", "%2", "%2g", "%2a", "%41", "=2F", "a/b", "~00", "%GG", "-"}) {
    EXPECT_FALSE(parse_separator_name(name).ok()) << name;
  }
  EXPECT_EQ(separator_name("a/b:c_d~"), "a%2Fb=3Ac_5Fd~7E");
}

TEST(Separator, IsTheShortestThatTellsApart) {
  EXPECT_EQ(separator_between("", "abc"), "a");
  EXPECT_EQ(separator_between("ab", "abc"), "abc");
  EXPECT_EQ(separator_between("abc", "abd"), "abd");
  EXPECT_EQ(separator_between("abc", "b"), "b");
}

}  // namespace
}  // namespace firebreak
