#include "snapshot/retention.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/ranges.h>

namespace firebreak {
namespace {

struct Counted {
  const char* name;
  int RetentionPolicy::*count;
};
struct Spanned {
  const char* name;
  Duration RetentionPolicy::*span;
};

// Both in the order of restic's reasons; position 0 counts snapshots, the others periods.
constexpr std::array<Counted, 6> kCounted{{{"last", &RetentionPolicy::last},
                                           {"hourly", &RetentionPolicy::hourly},
                                           {"daily", &RetentionPolicy::daily},
                                           {"weekly", &RetentionPolicy::weekly},
                                           {"monthly", &RetentionPolicy::monthly},
                                           {"yearly", &RetentionPolicy::yearly}}};
constexpr std::array<Spanned, 6> kSpanned{{{"all", &RetentionPolicy::within},
                                           {"hourly", &RetentionPolicy::within_hourly},
                                           {"daily", &RetentionPolicy::within_daily},
                                           {"weekly", &RetentionPolicy::within_weekly},
                                           {"monthly", &RetentionPolicy::within_monthly},
                                           {"yearly", &RetentionPolicy::within_yearly}}};

// A time that WallTime cannot hold is before or after everything that can be counted with.
WallTime clamped(FileTime time) {
  const Result<WallTime> wall = time.to_wall();
  if (wall.ok()) return *wall;
  return time.seconds < std::chrono::sys_seconds{} ? WallTime::min() : WallTime::max();
}

// What the periods of kCounted and kSpanned compare: a snapshot's own number, then its hour, day,
// week, month and year.
std::array<std::int64_t, 6> period_keys(const Zone& zone, WallTime time, std::size_t number) {
  const CalendarKeys keys = zone.keys(time);
  return {static_cast<std::int64_t>(number), keys.hour, keys.day, keys.week, keys.month, keys.year};
}

bool has_tags(const Snapshot& snapshot, const std::vector<std::string>& set) {
  return std::all_of(set.begin(), set.end(), [&](const std::string& tag) {
    if (tag.empty() && snapshot.tags.empty()) return true;
    return std::find(snapshot.tags.begin(), snapshot.tags.end(), tag) != snapshot.tags.end();
  });
}

struct Dated {
  std::size_t snapshot;
  WallTime time;
};

// Walks one group from its newest to its oldest snapshot and says why each is kept.
class Walk {
 public:
  Walk(const RetentionPolicy& policy, const Zone& zone, WallTime newest, std::size_t size)
      : policy_(policy), zone_(zone), size_(size) {
    for (std::size_t i = 0; i < kCounted.size(); ++i) {
      left_[i] = policy.*kCounted[i].count;
      since_[i] = before(newest, policy.*kSpanned[i].span, zone);
    }
  }

  std::vector<std::string> reasons(const Snapshot& snapshot, WallTime time) {
    std::vector<std::string> reasons;
    for (const auto& set : policy_.keep_tags) {
      if (!has_tags(snapshot, set)) continue;
      reasons.push_back(
          fmt::format("has tags [{}]", printable(fmt::format("{}", fmt::join(set, ", ")))));
    }
    const auto keys = period_keys(zone_, time, walked_);
    const bool oldest = ++walked_ == size_;
    add_within_all(time, reasons);
    for (std::size_t i = 0; i < kCounted.size(); ++i) {
      if (left_[i] == 0) continue;
      const bool first = counted_last_[i] != keys[i];
      if (!first && !oldest) continue;
      counted_last_[i] = keys[i];
      if (left_[i] > 0) --left_[i];
      reasons.push_back(fmt::format("{}{} snapshot", first ? "" : "oldest ", kCounted[i].name));
    }
    for (std::size_t i = 1; i < kSpanned.size(); ++i) {
      const Duration& span = policy_.*kSpanned[i].span;
      if (span.is_zero() || time <= since_[i]) continue;
      const bool first = spanned_last_[i] != keys[i];
      if (!first && !oldest) continue;
      spanned_last_[i] = keys[i];
      reasons.push_back(
          fmt::format("{}{} within {}", first ? "" : "oldest ", kSpanned[i].name, format(span)));
    }
    return reasons;
  }

 private:
  void add_within_all(WallTime time, std::vector<std::string>& reasons) const {
    if (policy_.within.is_zero() || time <= since_[0]) return;
    reasons.push_back(fmt::format("within {}", format(policy_.within)));
  }

  const RetentionPolicy& policy_;
  const Zone& zone_;
  std::size_t size_;
  std::size_t walked_ = 0;
  std::array<int, kCounted.size()> left_{};
  std::array<WallTime, kSpanned.size()> since_{};
  std::array<std::optional<std::int64_t>, kCounted.size()> counted_last_{};
  std::array<std::optional<std::int64_t>, kSpanned.size()> spanned_last_{};
};

Result<void> validate(const RetentionPolicy& policy) {
  for (const Counted& counted : kCounted) {
    if (policy.*counted.count < kKeepUnlimited) {
      return error(Code::Invalid, "keep {} {} snapshots: a number from 0, or unlimited",
                   policy.*counted.count, counted.name);
    }
  }
  for (const auto& set : policy.keep_tags) {
    if (set.empty()) return error(Code::Invalid, "an empty set of tags to keep");
  }
  return {};
}

// Newest first. Equal times are ordered by id, so that the order of loading does not matter.
std::vector<Dated> newest_first(const std::vector<FoundSnapshot>& all, const SnapshotGroup& group) {
  std::vector<Dated> list;
  list.reserve(group.members.size());
  for (const std::size_t at : group.members) list.push_back({at, clamped(all[at].snapshot.time)});
  std::sort(list.begin(), list.end(), [&](const Dated& a, const Dated& b) {
    return a.time != b.time ? a.time > b.time : all[a.snapshot].id < all[b.snapshot].id;
  });
  return list;
}

void keep_all(GroupRetention& result, const char* reason) {
  for (RetentionDecision& decision : result.decisions) {
    decision.keep = true;
    if (decision.reasons.empty()) decision.reasons.emplace_back(reason);
  }
}

GroupRetention retain_group(const std::vector<FoundSnapshot>& all, SnapshotGroup group,
                            const RetentionRules& rules, WallTime now) {
  GroupRetention result;
  result.group = std::move(group);
  const std::vector<Dated> list = newest_first(all, result.group);
  const WallTime future =
      now > WallTime::max() - kClockSkewMax ? WallTime::max() : now + kClockSkewMax;
  std::size_t ahead = 0;
  for (; ahead < list.size() && list[ahead].time > future; ++ahead) {
    const FoundSnapshot& found = all[list[ahead].snapshot];
    result.decisions.push_back({list[ahead].snapshot, true, {"dated in the future"}});
    result.warnings.push_back(
        fmt::format("snapshot {} is dated in the future ({}): kept, and not counted",
                    found.id.brief(), format_rfc3339(found.snapshot.time)));
  }
  if (ahead == list.size()) return result;

  Walk walk(rules.policy, rules.zone, list[ahead].time, list.size() - ahead);
  bool any_kept = false;
  for (std::size_t i = ahead; i < list.size(); ++i) {
    auto reasons = walk.reasons(all[list[i].snapshot].snapshot, list[i].time);
    const bool keep = !reasons.empty();
    any_kept |= keep;
    result.decisions.push_back({list[i].snapshot, keep, std::move(reasons)});
  }
  if (any_kept || rules.may_remove_all) return result;
  if (rules.policy.is_empty()) {
    keep_all(result, "no policy");
  } else {
    keep_all(result, "last of its group");
    result.refusal = error(Code::Denied, "the policy would remove every snapshot of group \"{}\"",
                           result.group.describe());
  }
  return result;
}

}  // namespace

bool RetentionPolicy::is_empty() const {
  return keep_tags.empty() &&
         std::all_of(kCounted.begin(), kCounted.end(),
                     [&](const Counted& counted) { return this->*counted.count == 0; }) &&
         std::all_of(kSpanned.begin(), kSpanned.end(),
                     [&](const Spanned& spanned) { return (this->*spanned.span).is_zero(); });
}

std::string RetentionPolicy::describe() const {
  if (is_empty()) return "keep all snapshots";
  std::vector<std::string> counts, parts;
  for (const Counted& counted : kCounted) {
    const int count = this->*counted.count;
    if (count == 0) continue;
    const std::string number = count == kKeepUnlimited ? "all" : std::to_string(count);
    counts.push_back(number + " " + counted.name);
  }
  if (!counts.empty()) parts.push_back(fmt::format("{} snapshots", fmt::join(counts, ", ")));
  for (const Spanned& spanned : kSpanned) {
    const Duration& span = this->*spanned.span;
    if (span.is_zero()) continue;
    parts.push_back(
        fmt::format("{} snapshots within {} of the newest", spanned.name, format(span)));
  }
  for (const auto& set : keep_tags) {
    parts.push_back(fmt::format("all snapshots with tags [{}]", fmt::join(set, ", ")));
  }
  return printable(fmt::format("keep {}", fmt::join(parts, " and ")));
}

Result<int> parse_keep_count(std::string_view text) {
  if (text == "unlimited") return kKeepUnlimited;
  int count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc() || end != text.data() + text.size() || count < 0) {
    return error(Code::Invalid, "\"{}\" is neither a number from 0 nor \"unlimited\"",
                 printable(text));
  }
  return count;
}

Result<std::vector<GroupRetention>> retain(const std::vector<FoundSnapshot>& all,
                                           const RetentionRules& rules, WallTime now) {
  TRY(validate(rules.policy));
  std::vector<GroupRetention> results;
  for (SnapshotGroup& group : group_snapshots(all, rules.group_by)) {
    results.push_back(retain_group(all, std::move(group), rules, now));
  }
  return results;
}

}  // namespace firebreak
