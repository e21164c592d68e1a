// Which snapshots a policy keeps. A pure function of list, policy, zone and time: no clock, no
// repository, the same answer everywhere. The rules are restic's (forget, since 0.16), save that
// days begin in the zone given here and not in the one each snapshot was taken in, and that
// nothing is removed by default: an empty policy keeps all, a policy that would empty a group is
// refused for it, and a snapshot dated in the future is kept without counting.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "snapshot/duration.h"
#include "snapshot/snapshot_group.h"

namespace firebreak {

constexpr int kKeepUnlimited = -1;

// A snapshot is kept when any of these asks for it.
struct RetentionPolicy {
  // The newest of each of the last N hours, days, ISO weeks, months or years that have one; where
  // there are fewer than N, the oldest snapshot of the group too. `last` counts snapshots.
  int last = 0;
  int hourly = 0;
  int daily = 0;
  int weekly = 0;
  int monthly = 0;
  int yearly = 0;
  // All, or the newest of each hour and so on, made less than this before the group's newest. Zero
  // asks for nothing.
  Duration within{};
  Duration within_hourly{};
  Duration within_daily{};
  Duration within_weekly{};
  Duration within_monthly{};
  Duration within_yearly{};
  // All snapshots that have every tag of one of these sets; the set {""} means: without tags.
  std::vector<std::vector<std::string>> keep_tags{};

  bool is_empty() const;
  // "keep 7 daily, all yearly snapshots and all snapshots within 2d of the newest".
  std::string describe() const;
};

// "unlimited" or a number from 0; Invalid otherwise.
Result<int> parse_keep_count(std::string_view text);

struct RetentionRules {
  RetentionPolicy policy{};
  GroupBy group_by{.host = true, .paths = true};
  Zone zone = Zone::utc();
  // Lets a policy empty a group, and an empty policy remove everything it is given: a caller that
  // takes this from a person must also ask for a filter, as restic does.
  bool may_remove_all = false;
};

struct RetentionDecision {
  std::size_t snapshot = 0;  // position in the list given
  bool keep = true;
  // In restic's words, "daily snapshot" or "oldest weekly snapshot"; empty when removed.
  std::vector<std::string> reasons;
};

struct GroupRetention {
  SnapshotGroup group;
  std::vector<RetentionDecision> decisions;  // one for each member, newest first
  // Set when the policy would have emptied the group: then all of it is kept. A command that sees
  // it must not report success.
  std::optional<Error> refusal;
  std::vector<std::string> warnings;  // snapshots from the future
};

// A snapshot further ahead of `now` than this was taken by a wrong clock.
constexpr std::chrono::minutes kClockSkewMax{10};

// Invalid for counts below -1 and empty tag sets, before anything is decided. Costs one sort and
// one pass.
Result<std::vector<GroupRetention>> retain(const std::vector<FoundSnapshot>& all,
                                           const RetentionRules& rules, WallTime now);

}  // namespace firebreak
