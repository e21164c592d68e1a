#include "cli/units.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(Size, ReadsWhatPeopleWrite) {
  EXPECT_EQ(*parse_size("0"), 0U);
  EXPECT_EQ(*parse_size("512"), 512U);
  EXPECT_EQ(*parse_size("64K"), 65536U);
  EXPECT_EQ(*parse_size("1.5 MiB"), 1572864U);
  EXPECT_EQ(*parse_size("2g"), 2147483648U);
}

TEST(Size, RefusesWhatItWouldOtherwiseGuess) {
  for (const char* text : {"", "K", "-1", "1X", "1 2", "nan", "inf", "1e30", "12MM", "0x10"}) {
    EXPECT_TRUE(failed_with(parse_size(text), Code::Invalid)) << text;
  }
}

TEST(Size, PrintsInPowersOf1024) {
  EXPECT_EQ(format_size(17), "17 B");
  EXPECT_EQ(format_size(1024), "1.000 KiB");
  EXPECT_EQ(format_size(1024 * 1024 - 1), "1023.999 KiB");
  EXPECT_EQ(format_size(1610612736), "1.500 GiB");
}

TEST(Span, ReadsAndPrints) {
  EXPECT_EQ(*parse_span("90s"), std::chrono::seconds(90));
  EXPECT_EQ(*parse_span("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(format_span(std::chrono::seconds(3723)), "1:02:03");
  EXPECT_EQ(format_span(std::chrono::seconds(123)), "2:03");
}

TEST(Span, RefusesWhatItWouldOtherwiseGuess) {
  for (const char* text : {"", "5", "m", "5m1h", "5m5m", "-5m", "1.5h", "5d", "5m "}) {
    EXPECT_TRUE(failed_with(parse_span(text), Code::Invalid)) << text;
  }
}

TEST(Time, PrintsInUtc) {
  EXPECT_EQ(format_time(WallTime(std::chrono::seconds(1))), "1970-01-01 00:00:01Z");
  EXPECT_EQ(format_time(zero_time()), "0001-01-01 00:00:00Z");
}

TEST(Time, ReadsAnyZoneAndRefusesNone) {
  for (const char* text : {"2026-11-25T02:49:59Z", "2026-11-25 02:49:59Z",
                           "2026-11-25 03:49:59+01:00", "2026-11-25 01:49:59 -0100"}) {
    ASSERT_TRUE(parse_time(text).ok()) << text;
    EXPECT_EQ(format_time(*parse_time(text)), "2026-11-25 02:49:59Z") << text;
  }
  for (const char* text : {"", "now", "2026-11-25", "2026-11-25 02:49:59", "2026-11-25T02:49Z"}) {
    EXPECT_TRUE(failed_with(parse_time(text), Code::Invalid)) << text;
  }
}

TEST(Counted, HasOneOfOne) {
  EXPECT_EQ(counted(0, "pack"), "0 packs");
  EXPECT_EQ(counted(1, "pack"), "1 pack");
  EXPECT_EQ(counted(2, "pack"), "2 packs");
}

}  // namespace
}  // namespace firebreak
