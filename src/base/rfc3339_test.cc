#include "base/rfc3339.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace firebreak {
namespace {

TEST(Rfc3339, SpellsAsGoDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"2026-11-24T14:11:21Z", "2026-11-24T14:11:21Z"},
      {"2026-11-24T14:11:21.120Z", "2026-11-24T14:11:21.12Z"},
      {"2026-11-24T14:11:21.000000001Z", "2026-11-24T14:11:21.000000001Z"},
      {"2026-11-24T14:11:21+05:30", "2026-11-24T08:41:21Z"},
      {"1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"},
  };
  for (const auto& [text, spelled] : cases) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time.ok()) << text;
    EXPECT_EQ(format_rfc3339(*time), spelled);
  }
  EXPECT_EQ(format_rfc3339(zero_time()), "0001-01-01T00:00:00Z");
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026-11-24", "2026-11-24T14:11:21", "2026-11-24 14:11:21Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00+5:00", "2026-01-01T00:00:00+24:00", "02026-01-01T00:00:00Z"}) {
    EXPECT_TRUE(failed_with(parse_rfc3339(text), Code::Invalid)) << text;
  }
}

TEST(Rfc3339, RoundTripsEveryNanosecond) {
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    FileTime time{std::chrono::sys_seconds(std::chrono::seconds(
                      static_cast<std::int64_t>(random.below(300'000'000'000)) - 62'000'000'000)),
                  static_cast<std::uint32_t>(random.below(1'000'000'000))};
    const auto again = parse_rfc3339(format_rfc3339(time));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, time);
  }
}

TEST(Rfc3339, ClampsWhatTheFormatCannotSpell) {
  const FileTime late{std::chrono::sys_seconds(std::chrono::seconds(400'000'000'000)), 5};
  EXPECT_EQ(format_rfc3339(late), "9999-12-31T23:59:59.999999999Z");
  EXPECT_FALSE(late.to_wall().ok());
}

TEST(Rfc3339, TheEndsOfWallTimeAreTimesToo) {
  EXPECT_EQ(format_rfc3339(WallTime::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(format_rfc3339(WallTime::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(format_rfc3339(WallTime(Nanoseconds(-1))), "1969-12-31T23:59:59.999999999Z");
}

}  // namespace
}  // namespace firebreak
