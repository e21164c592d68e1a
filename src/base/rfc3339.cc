#include "base/rfc3339.h"

#include "base/text.h"

namespace firebreak {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds kFirst = sys_days(std::chrono::year(0) / 1 / 1);
constexpr sys_seconds kLast =
    sys_days(std::chrono::year(9999) / 12 / 31) + hours(24) - std::chrono::seconds(1);

// Takes digits off the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  bool take(char wanted) {
    if (text_.empty() || text_[0] != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  char peek() const { return text_.empty() ? '\0' : text_[0]; }
  bool is_digit() const { return peek() >= '0' && peek() <= '9'; }
  // Exactly `count` digits, or -1.
  int number(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (!is_digit()) return -1;
      value = value * 10 + (peek() - '0');
      text_.remove_prefix(1);
    }
    return value;
  }

 private:
  std::string_view text_;
};

}  // namespace

FileTime FileTime::from(WallTime time) {
  constexpr Nanoseconds kSecond = std::chrono::seconds(1);
  // Not time less its whole seconds: near the earliest time that overflows.
  const Nanoseconds rest = time.time_since_epoch() % kSecond;
  const Nanoseconds fraction = rest < Nanoseconds::zero() ? rest + kSecond : rest;
  return {std::chrono::floor<std::chrono::seconds>(time),
          static_cast<std::uint32_t>(fraction.count())};
}

Result<WallTime> FileTime::to_wall() const {
  const auto limit = std::chrono::duration_cast<std::chrono::seconds>(Nanoseconds::max()) -
                     std::chrono::seconds(1);
  if (seconds.time_since_epoch() > limit || seconds.time_since_epoch() < -limit) {
    return error(Code::Invalid, "the time {} is out of range", format_rfc3339(*this));
  }
  return WallTime(seconds.time_since_epoch() + Nanoseconds(nanoseconds));
}

FileTime zero_time() {
  return {sys_days(std::chrono::year(1) / 1 / 1), 0};
}

std::string format_rfc3339(FileTime time) {
  if (time.seconds < kFirst) time = {kFirst, 0};
  if (time.seconds > kLast) time = {kLast, 999'999'999};
  const sys_days day = std::chrono::floor<days>(time.seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time.seconds - day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()),
                  unsigned(date.day()), clock.hours().count(), clock.minutes().count(),
                  clock.seconds().count());
  if (time.nanoseconds != 0) {
    text += fmt::format(".{:09}", time.nanoseconds);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::string format_rfc3339(WallTime time) {
  return format_rfc3339(FileTime::from(time));
}

Result<FileTime> parse_rfc3339(std::string_view text) {
  const Error wrong =
      error(Code::Invalid, "\"{}\" is no time such as 2026-01-31T12:00:00Z with its zone",
            printable(text.substr(0, 64)));
  Reader reader(text);
  const int year = reader.number(4);
  if (year < 0 || !reader.take('-')) return wrong;
  const int month = reader.number(2);
  if (month < 0 || !reader.take('-')) return wrong;
  const int day = reader.number(2);
  if (day < 0 || !(reader.take('T') || reader.take('t'))) return wrong;
  const int hour = reader.number(2);
  if (hour < 0 || hour > 23 || !reader.take(':')) return wrong;
  const int minute = reader.number(2);
  if (minute < 0 || minute > 59 || !reader.take(':')) return wrong;
  const int second = reader.number(2);
  if (second < 0 || second > 59) return wrong;
  std::uint32_t nanoseconds = 0;
  if (reader.take('.')) {
    if (!reader.is_digit()) return wrong;
    std::uint32_t unit = 100'000'000;
    while (reader.is_digit()) {
      nanoseconds += static_cast<std::uint32_t>(reader.number(1)) * unit;
      unit /= 10;
    }
  }
  int offset_minutes = 0;
  if (!reader.take('Z') && !reader.take('z')) {
    const int sign = reader.peek() == '-' ? -1 : 1;
    if (!reader.take('+') && !reader.take('-')) return wrong;
    const int offset_hour = reader.number(2);
    if (offset_hour < 0 || offset_hour > 23 || !reader.take(':')) return wrong;
    const int offset_minute = reader.number(2);
    if (offset_minute < 0 || offset_minute > 59) return wrong;
    offset_minutes = sign * (offset_hour * 60 + offset_minute);
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!reader.done() || !date.ok()) return wrong;
  const sys_seconds local =
      sys_days(date) + hours(hour) + minutes(minute) + std::chrono::seconds(second);
  return FileTime{local - minutes(offset_minutes), nanoseconds};
}

}  // namespace firebreak
