#include "standby/storage_range.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(AskedRange, IsThePartThatThereIs) {
  const auto part = [](std::string_view header, std::uint64_t size) {
    const AskedRange asked = asked_range(header, size);
    EXPECT_TRUE(asked.is_part) << header;
    return asked.range ? std::pair(asked.range->offset, asked.range->length)
                       : std::pair(std::uint64_t{77}, std::uint64_t{77});
  };
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(part("bytes=0-0", 10), Pair(0, 1));
  EXPECT_EQ(part("bytes=3-", 10), Pair(3, 7));
  EXPECT_EQ(part("bytes=3-99", 10), Pair(3, 7));
  EXPECT_EQ(part("bytes=-4", 10), Pair(6, 4));
  EXPECT_EQ(part("bytes=-99", 10), Pair(0, 10));
  EXPECT_EQ(part("bytes=0-18446744073709551615", 10), Pair(0, 10));
  for (const char* none : {"bytes=10-", "bytes=10-20", "bytes=-0"}) {
    EXPECT_EQ(part(none, 10), Pair(77, 77)) << none;
  }
  EXPECT_EQ(part("bytes=0-", 0), Pair(77, 77));
  EXPECT_EQ(part("bytes=-1", 0), Pair(77, 77));
}

TEST(AskedRange, IsAllForWhatIsNone) {
  for (const char* header :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "items=0-1", "bytes=0-1,3-4",
        "bytes=0-99999999999999999999", "bytes=--1"}) {
    const AskedRange asked = asked_range(header, 10);
    ASSERT_TRUE(asked.range.has_value()) << header;
    EXPECT_FALSE(asked.is_part) << header;
    EXPECT_EQ(asked.range->length, 10U) << header;
  }
}

TEST(UploadRange, HasWhatIsKnown) {
  const auto is = [](std::string_view header, std::optional<std::uint64_t> offset,
                     std::optional<std::uint64_t> end, std::optional<std::uint64_t> total) {
    const std::optional<UploadRange> range = parse_upload_range(header);
    return range && range->offset == offset && range->end == end && range->total == total;
  };
  EXPECT_TRUE(is("", 0, std::nullopt, std::nullopt));
  EXPECT_TRUE(is("bytes 0-9/10", 0, 10, 10));
  EXPECT_TRUE(is("bytes 5-9/*", 5, 10, std::nullopt));
  EXPECT_TRUE(is("bytes 5-*/10", 5, std::nullopt, 10));
  EXPECT_TRUE(is("bytes 0-*/*", 0, std::nullopt, std::nullopt));
  EXPECT_TRUE(is("bytes */*", std::nullopt, std::nullopt, std::nullopt));
  EXPECT_TRUE(is("bytes */7", std::nullopt, std::nullopt, 7));
  EXPECT_TRUE(is("bytes 0--1/0", 0, 0, 0));
}

TEST(UploadRange, IsRefusedWhereItMakesNoSense) {
  for (const char* header : {"bytes", "bytes 0-9", "bytes=0-9/10", "bytes 9-0/10", "bytes 0-10/10",
                             "bytes 0-/10", "bytes 0-9/", "bytes -9/10", "bytes 5--1/0",
                             "bytes 0-18446744073709551615/*", "bytes 0-9/x"}) {
    EXPECT_FALSE(parse_upload_range(header).has_value()) << header;
  }
}

}  // namespace
}  // namespace firebreak
