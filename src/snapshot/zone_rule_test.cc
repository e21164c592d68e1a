#include "snapshot/zone_rule.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

using namespace std::chrono;

int minutes_east(const ZoneRule& rule, sys_seconds time) {
  return static_cast<int>(rule.offset(time).count() / 60);
}

ZoneRule rule(std::string_view text) {
  return ZoneRule::parse(text).value();
}

TEST(ZoneRule, ChangesTheClocksAtTheSecond) {
  const ZoneRule berlin = rule("CET-1CEST,M3.5.0,M10.5.0/3");
  const sys_seconds spring = sys_days(2050y / March / 27) + 1h;
  EXPECT_EQ(minutes_east(berlin, spring - 1s), 60);
  EXPECT_EQ(minutes_east(berlin, spring), 120);
  const sys_seconds autumn = sys_days(2050y / October / 30) + 1h;
  EXPECT_EQ(minutes_east(berlin, autumn - 1s), 120);
  EXPECT_EQ(minutes_east(berlin, autumn), 60);
}

TEST(ZoneRule, SummerMayCrossTheYear) {
  const ZoneRule sydney = rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
  EXPECT_EQ(minutes_east(sydney, sys_days(2100y / December / 31) + 23h), 660);
  EXPECT_EQ(minutes_east(sydney, sys_days(2101y / January / 1)), 660);
  EXPECT_EQ(minutes_east(sydney, sys_days(2101y / July / 1)), 600);
}

TEST(ZoneRule, KnowsEverySpelling) {
  const sys_seconds july = sys_days(2060y / July / 1);
  EXPECT_EQ(minutes_east(rule("UTC0"), july), 0);
  EXPECT_EQ(minutes_east(rule("<+0545>-5:45"), july), 345);
  EXPECT_EQ(minutes_east(rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), july), -60);
  EXPECT_EQ(minutes_east(rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"), july), 630);
  EXPECT_EQ(minutes_east(rule("AAA0BBB,J60/0,J300/0"), july), 60);
  // Summer that never ends.
  for (const sys_days day : {sys_days(2060y / January / 1), sys_days(2060y / December / 31)}) {
    EXPECT_EQ(minutes_east(rule("XXX3EDT4,0/0,J365/23"), day), -240);
  }
}

TEST(ZoneRule, LeapDayCountsOnlyWhereTheKindSaysSo) {
  const auto day = [](std::string_view text, year of) {
    // From start to end it is summer, an hour east.
    const ZoneRule summer = rule(text);
    sys_days first(of / January / 1);
    while (summer.offset(first + 12h) == 0s) first += days(1);
    return year_month_day(first);
  };
  EXPECT_EQ(day("AAA0BBB,J60/0,J300/0", 2060y), 2060y / March / 1);
  EXPECT_EQ(day("AAA0BBB,J60/0,J300/0", 2061y), 2061y / March / 1);
  EXPECT_EQ(day("AAA0BBB,59/0,300/0", 2060y), 2060y / February / 29);
  EXPECT_EQ(day("AAA0BBB,59/0,300/0", 2061y), 2061y / March / 1);
}

TEST(ZoneRule, RefusesTheRest) {
  for (const char* text :
       {"", "A0", "CET", "CET-", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.7,M1.1.0", "CET-1CEST,M13.5.0,M1.1.0", "CET-1CEST,M3.6.0,M1.1.0",
        "CET-1CEST,J0,J1", "CET-1CEST,366,1", "CET-1CEST,M3.5.0/168,M1.1.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "<CET-1", "CET-1:60"}) {
    EXPECT_FALSE(ZoneRule::parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace firebreak
