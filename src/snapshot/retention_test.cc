#include "snapshot/retention.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "base/random.h"

namespace firebreak {
namespace {

using namespace std::chrono;

WallTime at(std::string_view text) {
  return parse_rfc3339(text).value().to_wall().value();
}

FoundSnapshot taken(WallTime time, std::vector<std::string> tags = {}) {
  static std::uint64_t number = 0;
  FoundSnapshot found;
  const std::uint64_t unique = ++number;
  std::memcpy(found.id.bytes.data(), &unique, sizeof unique);
  found.snapshot.time = FileTime::from(time);
  found.snapshot.hostname = "host";
  found.snapshot.paths = {"/srv"};
  found.snapshot.tags = std::move(tags);
  return found;
}

std::vector<FoundSnapshot> taken_at(std::initializer_list<const char*> times) {
  std::vector<FoundSnapshot> all;
  for (const char* time : times) all.push_back(taken(at(time)));
  return all;
}

constexpr auto kNow = "2030-01-01T00:00:00Z";

// The reasons of the only group, newest first, joined; "-" where the snapshot is removed.
std::vector<std::string> decide(const std::vector<FoundSnapshot>& all,
                                const RetentionRules& rules) {
  const std::vector<GroupRetention> groups = retain(all, rules, at(kNow)).value();
  CHECK(groups.size() == 1);
  std::vector<std::string> lines;
  for (const RetentionDecision& decision : groups[0].decisions) {
    std::string line;
    for (const std::string& reason : decision.reasons) line += (line.empty() ? "" : ", ") + reason;
    EXPECT_EQ(decision.keep, !line.empty());
    lines.push_back(decision.keep ? line : "-");
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Retention, NewestOfEachDayAndTheOldestWhereDaysAreMissing) {
  const auto all = taken_at({"2024-01-01T08:00:00Z", "2024-01-01T20:00:00Z", "2024-01-02T08:00:00Z",
                             "2024-01-02T20:00:00Z", "2024-01-05T08:00:00Z"});
  EXPECT_EQ(decide(all, {.policy = {.daily = 2}}),
            (Lines{"daily snapshot", "daily snapshot", "-", "-", "-"}));
  EXPECT_EQ(decide(all, {.policy = {.daily = 3}}),
            (Lines{"daily snapshot", "daily snapshot", "-", "daily snapshot", "-"}));
  EXPECT_EQ(
      decide(all, {.policy = {.daily = 4}}),
      (Lines{"daily snapshot", "daily snapshot", "-", "daily snapshot", "oldest daily snapshot"}));
  EXPECT_EQ(decide(all, {.policy = {.daily = kKeepUnlimited}}).back(), "oldest daily snapshot");
  EXPECT_EQ(decide(all, {.policy = {.last = 2, .yearly = 1}}),
            (Lines{"last snapshot, yearly snapshot", "last snapshot", "-", "-", "-"}));
}

TEST(Retention, WithinCountsFromTheNewestSnapshot) {
  const auto all = taken_at({"2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z", "2024-01-07T12:00:00Z",
                             "2024-01-08T00:00:00Z"});
  // Years after the last snapshot nothing changes; exactly seven days is no longer within.
  EXPECT_EQ(decide(all, {.policy = {.within = {0, 0, 7, 0}}}),
            (Lines{"within 7d", "within 7d", "within 7d", "-"}));
  EXPECT_EQ(decide(all, {.policy = {.within_weekly = {0, 1, 0, 0}}}),
            (Lines{"weekly within 1m", "weekly within 1m", "-", "oldest weekly within 1m"}));
}

TEST(Retention, TagsKeepByWholeSets) {
  const std::vector<FoundSnapshot> all = {
      taken(at("2024-01-04T00:00:00Z"), {"a", "b"}), taken(at("2024-01-03T00:00:00Z"), {"a"}),
      taken(at("2024-01-02T00:00:00Z"), {"c"}), taken(at("2024-01-01T00:00:00Z"))};
  EXPECT_EQ(decide(all, {.policy = {.keep_tags = {{"a", "b"}, {"c"}}}}),
            (Lines{"has tags [a, b]", "-", "has tags [c]", "-"}));
  EXPECT_EQ(decide(all, {.policy = {.keep_tags = {{""}}}}), (Lines{"-", "-", "-", "has tags []"}));
}

TEST(Retention, DaysBeginInTheZone) {
  const auto all = taken_at({"2024-06-01T21:30:00Z", "2024-06-01T22:30:00Z"});
  EXPECT_EQ(decide(all, {.policy = {.daily = 2}}),
            (Lines{"daily snapshot", "oldest daily snapshot"}));
  EXPECT_EQ(decide(all, {.policy = {.daily = 2}, .zone = Zone::open("Europe/Berlin").value()}),
            (Lines{"daily snapshot", "daily snapshot"}));
}

TEST(Retention, EmptyPolicyKeepsAll) {
  const auto all = taken_at({"2024-06-01T21:30:00Z", "2024-06-01T22:30:00Z"});
  EXPECT_TRUE(RetentionPolicy().is_empty());
  EXPECT_EQ(decide(all, {}), (Lines{"no policy", "no policy"}));
  EXPECT_EQ(decide(all, {.may_remove_all = true}), (Lines{"-", "-"}));
  EXPECT_TRUE(retain({}, {}, at(kNow)).value().empty());
}

TEST(Retention, AMistypedTagEmptiesNothing) {
  auto all = taken_at({"2024-06-01T21:30:00Z", "2024-06-01T22:30:00Z"});
  all.push_back(taken(at("2024-06-02T00:00:00Z"), {"keep"}));
  all.back().snapshot.hostname = "other";
  RetentionRules rules{.policy = {.keep_tags = {{"keep"}}}};
  const auto groups = retain(all, rules, at(kNow)).value();
  ASSERT_EQ(groups.size(), 2U);
  ASSERT_TRUE(groups[0].refusal.has_value());
  EXPECT_NE(groups[0].refusal->message().find("host host"), std::string::npos);
  for (const auto& decision : groups[0].decisions) EXPECT_TRUE(decision.keep);
  EXPECT_FALSE(groups[1].refusal.has_value());
  rules.may_remove_all = true;
  const auto allowed = retain(all, rules, at(kNow)).value();
  EXPECT_FALSE(allowed[0].refusal.has_value());
  for (const auto& decision : allowed[0].decisions) EXPECT_FALSE(decision.keep);
}

TEST(Retention, SnapshotsFromTheFutureDoNotCount) {
  auto all = taken_at({"2029-12-30T00:00:00Z", "2029-12-31T00:00:00Z", "2030-01-01T00:09:00Z",
                       "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"});
  EXPECT_EQ(
      decide(all, {.policy = {.last = 2}}),
      (Lines{"dated in the future", "dated in the future", "last snapshot", "last snapshot", "-"}));
  EXPECT_EQ(
      decide(all, {.policy = {.within = {0, 0, 1, 12}}}),
      (Lines{"dated in the future", "dated in the future", "within 1d12h", "within 1d12h", "-"}));
  const auto groups = retain(all, {.policy = {.last = 2}}, at(kNow)).value();
  EXPECT_EQ(groups[0].warnings.size(), 2U);
  // They do not excuse removing all the others.
  for (auto& found : all) found.snapshot.tags = {"x"};
  EXPECT_TRUE(
      retain(all, {.policy = {.keep_tags = {{"y"}}}}, at(kNow)).value()[0].refusal.has_value());
  // A group that is all future is kept whole.
  const auto future = taken_at({"2031-01-01T00:00:00Z"});
  EXPECT_EQ(decide(future, {.policy = {.last = 2}}), Lines{"dated in the future"});
}

TEST(Retention, TimesBeyondTheCalendarAreOldestOrNewest) {
  auto all = taken_at({"2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"});
  all[0].snapshot.time = zero_time();
  EXPECT_EQ(decide(all, {.policy = {.last = 1}}), (Lines{"last snapshot", "-"}));
  all[0].snapshot.time = FileTime{sys_days(9999y / January / 1), 0};
  EXPECT_EQ(decide(all, {.policy = {.last = 1}}), (Lines{"dated in the future", "last snapshot"}));
}

TEST(Retention, RefusesNonsense) {
  const auto all = taken_at({"2024-01-01T00:00:00Z"});
  EXPECT_TRUE(failed_with(retain(all, {.policy = {.daily = -2}}, at(kNow)), Code::Invalid));
  EXPECT_TRUE(failed_with(retain(all, {.policy = {.keep_tags = {{}}}}, at(kNow)), Code::Invalid));
  EXPECT_EQ(parse_keep_count("unlimited").value(), kKeepUnlimited);
  EXPECT_EQ(parse_keep_count("0").value(), 0);
  for (const char* text : {"", "-1", "-2", "x", "1x", " 1", "99999999999", "all"}) {
    EXPECT_TRUE(failed_with(parse_keep_count(text), Code::Invalid)) << text;
  }
}

TEST(Retention, SaysWhatAPolicyDoes) {
  EXPECT_EQ(RetentionPolicy().describe(), "keep all snapshots");
  const RetentionPolicy policy{.daily = 7,
                               .yearly = kKeepUnlimited,
                               .within = {0, 0, 2, 0},
                               .within_hourly = {0, 0, 1, 0},
                               .keep_tags = {{"a", "b"}}};
  EXPECT_EQ(policy.describe(),
            "keep 7 daily, all yearly snapshots and all snapshots within 2d of the newest and "
            "hourly snapshots within 1d of the newest and all snapshots with tags [a, b]");
}

// The same rules told another way, by sets instead of one walk: of a list from newest to oldest,
// which positions stay.
class Reference {
 public:
  Reference(std::vector<WallTime> times, const Zone& zone)
      : times_(std::move(times)), zone_(zone) {}

  std::set<std::size_t> kept(const RetentionPolicy& policy) const {
    std::set<std::size_t> kept;
    const int counts[] = {policy.last,   policy.hourly,  policy.daily,
                          policy.weekly, policy.monthly, policy.yearly};
    const Duration spans[] = {policy.within,        policy.within_hourly,  policy.within_daily,
                              policy.within_weekly, policy.within_monthly, policy.within_yearly};
    for (int period = 0; period < 6; ++period) {
      const std::vector<std::size_t> begins = beginnings(period);
      const std::size_t wanted =
          counts[period] < 0 ? times_.size() + 1 : static_cast<std::size_t>(counts[period]);
      for (std::size_t i = 0; i < std::min(wanted, begins.size()); ++i) kept.insert(begins[i]);
      if (begins.size() < wanted) kept.insert(times_.size() - 1);

      if (spans[period].is_zero()) continue;
      const WallTime since = before(times_[0], spans[period], zone_);
      std::vector<std::size_t> candidates = begins;
      candidates.push_back(times_.size() - 1);
      for (const std::size_t i : candidates) {
        if (times_[i] > since) kept.insert(i);
      }
    }
    return kept;
  }

 private:
  // Positions whose period differs from that of the next newer snapshot.
  std::vector<std::size_t> beginnings(int period) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      if (i == 0 || period == 0 || number(period, i) != number(period, i - 1)) found.push_back(i);
    }
    return found;
  }
  std::int64_t number(int period, std::size_t i) const {
    const sys_seconds shown = zone_.local(times_[i]).seconds;
    const sys_days day = floor<days>(shown);
    const year_month_day date(day);
    switch (period) {
      case 1:
        return floor<hours>(shown).time_since_epoch().count();
      case 2:
        return day.time_since_epoch().count();
      case 3:  // Mondays since 1970-01-05, years do not matter
        return floor<weeks>(day - sys_days(1970y / January / 5)).count();
      case 4:
        return int{date.year()} * 12 + static_cast<int>(unsigned{date.month()});
      default:
        return int{date.year()};
    }
  }

  std::vector<WallTime> times_;
  const Zone& zone_;
};

RetentionPolicy random_policy(Random& random) {
  RetentionPolicy policy;
  for (int* count : {&policy.last, &policy.hourly, &policy.daily, &policy.weekly, &policy.monthly,
                     &policy.yearly}) {
    if (random.below(3) == 0) *count = static_cast<int>(random.below(9)) - 1;
  }
  for (Duration* span : {&policy.within, &policy.within_hourly, &policy.within_daily,
                         &policy.within_weekly, &policy.within_monthly, &policy.within_yearly}) {
    if (random.below(4) != 0) continue;
    span->hours = static_cast<int>(random.below(48));
    if (random.below(2) == 0) span->days = static_cast<int>(random.below(40));
    if (random.below(4) == 0) span->months = static_cast<int>(random.below(14));
    if (random.below(8) == 0) span->years = static_cast<int>(random.below(4));
  }
  return policy;
}

std::vector<FoundSnapshot> random_snapshots(Random& random, const Zone& zone) {
  // Around turns of the year, leap days and changes of the clocks, minutes to months apart.
  const char* const middles[] = {"2020-12-31T23:00:00Z", "2024-02-29T12:00:00Z",
                                 "2024-03-31T01:00:00Z", "2024-11-03T06:00:00Z",
                                 "2009-11-01T02:31:00Z", "2011-12-30T10:00:00Z",
                                 "2026-01-01T00:00:00Z", "2015-12-28T00:00:00Z"};
  const WallTime middle = at(middles[random.below(std::size(middles))]);
  const std::uint64_t spread_seconds = 60ULL << random.below(22);
  std::vector<FoundSnapshot> all(1 + random.below(60));
  for (FoundSnapshot& found : all) {
    const auto shift = static_cast<std::int64_t>(random.below(spread_seconds)) -
                       static_cast<std::int64_t>(spread_seconds / 2);
    WallTime time = middle + seconds(shift);
    if (random.below(4) == 0) time = zone.wall({floor<days>(zone.local(time).seconds), {}});
    found = taken(time);
  }
  return all;
}

TEST(Retention, AgreesWithAnotherTellingOfTheRules) {
  std::vector<Zone> zones = {Zone::utc()};
  for (const char* name : {"Europe/Berlin", "America/New_York", "America/St_Johns", "Pacific/Apia",
                           "Australia/Lord_Howe", "Asia/Kathmandu"}) {
    zones.push_back(Zone::open(name).value());
  }
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    const Zone& zone = zones[random.below(zones.size())];
    auto all = random_snapshots(random, zone);
    const RetentionRules rules{.policy = random_policy(random), .zone = zone};
    const auto group = std::move(retain(all, rules, at(kNow)).value()[0]);

    std::vector<WallTime> times;
    for (const auto& decision : group.decisions) {
      times.push_back(all[decision.snapshot].snapshot.time.to_wall().value());
    }
    ASSERT_EQ(times.size(), all.size());
    ASSERT_TRUE(std::is_sorted(times.rbegin(), times.rend()));
    std::set<std::size_t> expected = Reference(times, zone).kept(rules.policy);
    ASSERT_EQ(group.refusal.has_value(), expected.empty() && !rules.policy.is_empty());
    const bool all_kept = expected.empty();
    for (std::size_t i = 0; i < times.size(); ++i) {
      ASSERT_EQ(group.decisions[i].keep, all_kept || expected.contains(i))
          << i << " of " << times.size() << " " << format_rfc3339(times[i]) << " in " << zone.name()
          << ": " << rules.policy.describe();
    }

    // The order of loading does not matter.
    std::reverse(all.begin(), all.end());
    const auto again = std::move(retain(all, rules, at(kNow)).value()[0]);
    for (std::size_t i = 0; i < times.size(); ++i) {
      ASSERT_EQ(again.decisions[i].snapshot, all.size() - 1 - group.decisions[i].snapshot);
      ASSERT_EQ(again.decisions[i].reasons, group.decisions[i].reasons);
    }
  }
}

TEST(SnapshotGroup, SortsIntoGroupsByWhatIsAsked) {
  std::vector<FoundSnapshot> all(3, taken(at("2024-01-01T00:00:00Z"), {"b", "a"}));
  all[0].snapshot.paths = {"/a", "/b"};
  all[1].snapshot.paths = {"/b", "/a"};
  all[1].snapshot.hostname = "other";
  all[2].snapshot.tags = {"a", "b"};
  const auto sizes = [&](std::string_view by) {
    std::vector<std::size_t> found;
    for (const auto& group : group_snapshots(all, parse_group_by(by).value())) {
      found.push_back(group.members.size());
    }
    return found;
  };
  using Sizes = std::vector<std::size_t>;
  EXPECT_EQ(sizes(""), Sizes{3});
  EXPECT_EQ(sizes("host"), (Sizes{2, 1}));
  EXPECT_EQ(sizes("paths"), (Sizes{2, 1}));
  EXPECT_EQ(sizes("tag"), Sizes{3});
  EXPECT_EQ(sizes("host,path,tags"), (Sizes{1, 1, 1}));
  EXPECT_EQ(group_snapshots(all, {.host = true, .paths = true, .tags = true})[0].describe(),
            "host host, path [/a /b], tags [a b]");
  EXPECT_TRUE(failed_with(parse_group_by("hosts,users"), Code::Invalid));
}

}  // namespace
}  // namespace firebreak
