#include "snapshot/zone_rule.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace firebreak {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

// Reads a rule from its front; once something is missing, `failed` stays set.
struct Reader {
  std::string_view rest;
  bool failed = false;

  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void need(char c) { failed |= !take(c); }

  int number(int least, int most) {
    int value = 0;
    std::size_t digits = 0;
    for (; digits < rest.size() && digits < 4; ++digits) {
      const char c = rest[digits];
      if (c < '0' || c > '9') break;
      value = value * 10 + (c - '0');
    }
    failed |= digits == 0 || value < least || value > most;
    rest.remove_prefix(digits);
    return value;
  }

  // Three letters or more, or anything but '>' between angles.
  void abbreviation() {
    std::size_t length = 0;
    if (take('<')) {
      length = std::min(rest.find('>'), rest.size());
      rest.remove_prefix(length);
      need('>');
    } else {
      while (length < rest.size() && ((rest[length] | 0x20) >= 'a' && (rest[length] | 0x20) <= 'z'))
        ++length;
      rest.remove_prefix(length);
    }
    failed |= length < 3;
  }

  seconds time(int hours_max) {
    const bool negative = take('-');
    if (!negative) (void)take('+');
    seconds value = std::chrono::hours(number(0, hours_max));
    if (take(':')) {
      value += std::chrono::minutes(number(0, 59));
      if (take(':')) value += seconds(number(0, 59));
    }
    return negative ? -value : value;
  }

  ZoneRule::Change change() {
    using Kind = ZoneRule::Change::Kind;
    ZoneRule::Change change;
    need(',');
    if (take('M')) {
      change.kind = Kind::WeekdayOfMonth;
      change.month = number(1, 12);
      need('.');
      change.week = number(1, 5);
      need('.');
      change.day = number(0, 6);
    } else if (take('J')) {
      change.kind = Kind::JulianNoLeap;
      change.day = number(1, 365);
    } else {
      change.day = number(0, 365);
    }
    if (take('/')) change.time = time(167);
    return change;
  }
};

}  // namespace

sys_seconds ZoneRule::Change::in(std::chrono::year year) const {
  using namespace std::chrono;
  const sys_days first(year / January / 1);
  switch (kind) {
    case Kind::JulianNoLeap:
      return first + days(day - (year.is_leap() && day > 59 ? 0 : 1)) + time;
    case Kind::DayOfYear:
      return first + days(day) + time;
    case Kind::WeekdayOfMonth:
      break;
  }
  const auto of_month = year / std::chrono::month(static_cast<unsigned>(month));
  const weekday wanted(static_cast<unsigned>(day));
  if (week == 5) return sys_days(of_month / wanted[last]) + time;
  return sys_days(of_month / wanted[static_cast<unsigned>(week)]) + time;
}

Result<ZoneRule> ZoneRule::parse(std::string_view text) {
  constexpr int kOffsetHoursMax = 24;
  Reader reader{text};
  ZoneRule rule;
  reader.abbreviation();
  rule.winter_ = -reader.time(kOffsetHoursMax);
  if (!reader.failed && !reader.rest.empty()) {
    Summer summer;
    reader.abbreviation();
    const bool given = !reader.rest.empty() && reader.rest.front() != ',';
    summer.offset =
        given ? -reader.time(kOffsetHoursMax) : rule.winter_ + seconds(std::chrono::hours(1));
    summer.start = reader.change();
    summer.end = reader.change();
    rule.summer_ = summer;
  }
  if (reader.failed || !reader.rest.empty()) {
    return error(Code::Invalid, "time zone rule \"{}\"", printable(text));
  }
  return rule;
}

seconds ZoneRule::offset(sys_seconds time) const {
  using namespace std::chrono;
  if (!summer_.has_value()) return winter_;
  const year middle = year_month_day(floor<days>(time)).year();
  // Changes of neighbouring years count: New Year in Sydney is summer since October.
  std::array<std::pair<sys_seconds, bool>, 6> changes;
  std::size_t count = 0;
  for (int step = -1; step <= 1; ++step) {
    const year around = middle + years(step);
    changes[count++] = {summer_->start.in(around)-winter_, true};
    changes[count++] = {summer_->end.in(around)-summer_->offset, false};
  }
  // At the same instant summer wins: so a rule says that it never ends.
  std::sort(changes.begin(), changes.end());
  bool is_summer = false;
  for (const auto& [when, to_summer] : changes) {
    if (when <= time) is_summer = to_summer;
  }
  return is_summer ? summer_->offset : winter_;
}

}  // namespace firebreak
