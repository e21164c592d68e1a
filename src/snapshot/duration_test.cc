#include "snapshot/duration.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/rfc3339.h"

namespace firebreak {
namespace {

WallTime at(std::string_view text) {
  return parse_rfc3339(text).value().to_wall().value();
}

TEST(Duration, ReadsAndPrints) {
  EXPECT_EQ(parse_duration("2y5m7d3h").value(), (Duration{2, 5, 7, 3}));
  EXPECT_EQ(parse_duration(" 3h7d ").value(), (Duration{0, 0, 7, 3}));
  EXPECT_EQ(format({2, 5, 7, 3}), "2y5m7d3h");
  EXPECT_EQ(format({0, 0, 14, 0}), "14d");
  EXPECT_EQ(format({}), "0h");
  Random random(7);
  for (int i = 0; i < 1000; ++i) {
    const auto number = [&] { return static_cast<int>(random.below(1'000'000'000)); };
    const Duration duration{number(), number(), number(), number()};
    EXPECT_EQ(parse_duration(format(duration)).value(), duration);
  }
}

TEST(Duration, RefusesWhatItWouldOtherwiseIgnore) {
  for (const char* text : {"", " ", "2w", "1y4m3w1d", "s", "5", "-5d", "1y-4m", "1d2d", "d", "1.5d",
                           "1 d", "1000000000d", "99999999999999999999h", "\xdf\x80", "1D"}) {
    EXPECT_TRUE(failed_with(parse_duration(text), Code::Invalid)) << text;
  }
}

TEST(Duration, StepsBackOnTheCalendar) {
  const Zone utc = Zone::utc();
  const auto back = [&](std::string_view from, std::string_view duration) {
    return format_rfc3339(before(at(from), parse_duration(duration).value(), utc));
  };
  EXPECT_EQ(back("2024-05-15T10:20:30.5Z", "1y2m3d4h"), "2023-03-12T06:20:30.5Z");
  EXPECT_EQ(back("2024-02-29T00:00:00Z", "1y"), "2023-03-01T00:00:00Z");
  EXPECT_EQ(back("2024-02-29T00:00:00Z", "4y"), "2020-02-29T00:00:00Z");
  EXPECT_EQ(back("2023-03-31T00:00:00Z", "1m"), "2023-03-03T00:00:00Z");
  EXPECT_EQ(back("2024-03-31T00:00:00Z", "1m"), "2024-03-02T00:00:00Z");
  EXPECT_EQ(back("2024-01-01T00:00:00Z", "1m"), "2023-12-01T00:00:00Z");
  EXPECT_EQ(back("2024-01-01T00:00:00Z", "13m1h"), "2022-11-30T23:00:00Z");
  EXPECT_EQ(back("2024-01-01T00:00:00Z", "0h"), "2024-01-01T00:00:00Z");
}

TEST(Duration, DaysAreOfTheZoneAndHoursArePassed) {
  const Zone berlin = Zone::open("Europe/Berlin").value();
  // Noon after the clocks went forward: a day earlier it was noon too, 23 hours ago.
  const WallTime noon = at("2024-03-31T12:00:00+02:00");
  EXPECT_EQ(before(noon, {0, 0, 1, 0}, berlin), at("2024-03-30T12:00:00+01:00"));
  EXPECT_EQ(before(noon, {0, 0, 0, 24}, berlin), at("2024-03-30T11:00:00+01:00"));
}

TEST(Duration, EndsAtTheEarliestTime) {
  const Zone berlin = Zone::open("Europe/Berlin").value();
  for (const char* text : {"999999999y", "999999999m", "999999999d", "999999999h", "300y", "2024y",
                           "2025y", "999999999y999999999m999999999d999999999h"}) {
    const Duration duration = parse_duration(text).value();
    const WallTime reached = before(at("2024-03-31T12:00:00Z"), duration, berlin);
    // 999999999 hours are 114,000 years.
    EXPECT_LT(reached, at("1730-01-01T00:00:00Z")) << text;
    EXPECT_LE(before(WallTime::min(), duration, berlin), WallTime::min() + std::chrono::hours(24));
    EXPECT_LE(before(WallTime::max(), duration, berlin), WallTime::max());
  }
}

}  // namespace
}  // namespace firebreak
