#include "snapshot/zone.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/rfc3339.h"

namespace firebreak {
namespace {

using namespace std::chrono;

WallTime at(std::string_view text) {
  return parse_rfc3339(text).value().to_wall().value();
}

Zone zone(std::string_view name) {
  return Zone::open(name).value();
}

TEST(Zone, KeysFollowTheZoneAndNotUtc) {
  // One instant around New Year: three calendars.
  const WallTime time = at("2020-12-31T23:30:00Z");
  const CalendarKeys utc = Zone::utc().keys(time);
  EXPECT_EQ(utc.hour, 2020123123);
  EXPECT_EQ(utc.week, 202053);
  const CalendarKeys berlin = zone("Europe/Berlin").keys(time);
  EXPECT_EQ(berlin.hour, 2021010100);
  EXPECT_EQ(berlin.day, 20210101);
  EXPECT_EQ(berlin.month, 202101);
  EXPECT_EQ(berlin.year, 2021);
  EXPECT_EQ(berlin.week, 202053);  // 1 January 2021 is a Friday
  EXPECT_EQ(zone("Asia/Kathmandu").keys(time).hour, 2021010105);
}

TEST(Zone, IsoWeeksAtTheTurnOfTheYear) {
  const auto week = [](std::string_view day) {
    return Zone::utc().keys(at(std::string(day) + "T12:00:00Z")).week;
  };
  EXPECT_EQ(week("2018-12-31"), 201901);
  EXPECT_EQ(week("2022-01-01"), 202152);
  EXPECT_EQ(week("2016-01-03"), 201553);
  EXPECT_EQ(week("2016-01-04"), 201601);
  EXPECT_EQ(week("1970-01-01"), 197001);
  EXPECT_EQ(week("2005-01-02"), 200453);
}

TEST(Zone, ClocksThatChange) {
  const Zone berlin = zone("Europe/Berlin");
  // 02:30 does not exist on this day, and exists twice on that one.
  EXPECT_EQ(berlin.keys(at("2024-03-31T00:30:00Z")).hour, 2024033101);
  EXPECT_EQ(berlin.keys(at("2024-03-31T01:30:00Z")).hour, 2024033103);
  EXPECT_EQ(berlin.keys(at("2024-10-27T00:30:00Z")).hour, 2024102702);
  EXPECT_EQ(berlin.keys(at("2024-10-27T01:30:00Z")).hour, 2024102702);
  const LocalTime gap{sys_days(2024y / March / 31) + 2h + 30min, {}};
  EXPECT_EQ(berlin.wall(gap), at("2024-03-31T00:30:00Z"));
  const LocalTime twice{sys_days(2024y / October / 27) + 2h + 30min, {}};
  EXPECT_EQ(berlin.wall(twice), at("2024-10-27T00:30:00Z"));
}

TEST(Zone, RulesHoldAfterTheTableEnds) {
  // The zone files list changes until 2037, or far fewer.
  const Zone york = zone("America/New_York");
  EXPECT_EQ(york.keys(at("2036-07-01T16:00:00Z")).hour, 2036070112);
  EXPECT_EQ(york.keys(at("2060-07-01T16:00:00Z")).hour, 2060070112);
  EXPECT_EQ(york.keys(at("2060-12-01T17:00:00Z")).hour, 2060120112);
  EXPECT_EQ(york.keys(at("2200-07-01T16:00:00Z")).hour, 2200070112);
}

TEST(Zone, LocalAndBackIsTheSameReading) {
  Random random(20261124);
  for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                           "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca"}) {
    const Zone here = zone(name);
    for (int i = 0; i < 20000; ++i) {
      const WallTime time{nanoseconds(static_cast<std::int64_t>(random.next()))};
      if (time < WallTime::min() + 48h || time > WallTime::max() - 48h) continue;
      const LocalTime local = here.local(time);
      const WallTime back = here.wall(local);
      // An hour that comes twice is read as its first.
      ASSERT_EQ(here.local(back).seconds, local.seconds) << name << " " << format_rfc3339(time);
      ASSERT_LE(back, time) << name << " " << format_rfc3339(time);
    }
  }
}

TEST(Zone, NamesTheNearestWhenUnknown) {
  const auto message = [](std::string_view name) {
    const Result<Zone> opened = Zone::open(name);
    EXPECT_TRUE(failed_with(opened, Code::Invalid)) << name;
    return opened.ok() ? std::string() : opened.error().message();
  };
  EXPECT_NE(message("Europe/Berln").find("\"Europe/Berlin\""), std::string::npos);
  EXPECT_NE(message("berlin").find("\"Europe/Berlin\""), std::string::npos);
  EXPECT_NE(message("utc").find("\"UTC\""), std::string::npos);
  (void)message("");
  (void)message("../../etc/passwd");
}

}  // namespace
}  // namespace firebreak
