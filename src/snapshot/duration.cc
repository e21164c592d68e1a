#include "snapshot/duration.h"

#include "base/text.h"
#include "snapshot/text_lines.h"

namespace firebreak {
namespace {

constexpr std::size_t kDigitsMax = 9;  // so that a number fits an int

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int* unit(Duration& duration, char letter) {
  switch (letter) {
    case 'y':
      return &duration.years;
    case 'm':
      return &duration.months;
    case 'd':
      return &duration.days;
    case 'h':
      return &duration.hours;
    default:
      return nullptr;
  }
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return error(Code::Invalid, "duration \"{}\": {} (write it like 1y5m7d2h)", printable(text),
                 why);
  };
  std::string_view rest = trimmed(text);
  if (rest.empty()) return refuse("nothing in it");
  Duration duration;
  std::string seen;
  while (!rest.empty()) {
    std::size_t digits = 0;
    int number = 0;
    while (digits < rest.size() && is_digit(rest[digits])) {
      if (digits == kDigitsMax) return refuse("a number too large");
      number = number * 10 + (rest[digits++] - '0');
    }
    if (digits == 0) return refuse("a number is missing");
    if (digits == rest.size()) return refuse("the last number has no unit");
    const char letter = rest[digits];
    int* field = unit(duration, letter);
    if (field == nullptr) return refuse("units are y, m (months), d and h");
    if (seen.find(letter) != std::string::npos) return refuse("a unit stands twice");
    seen += letter;
    *field = number;
    rest.remove_prefix(digits + 1);
  }
  return duration;
}

std::string format(const Duration& duration) {
  if (duration.is_zero()) return "0h";
  std::string text;
  const auto add = [&](int number, char letter) {
    if (number != 0) text += fmt::format("{}{}", number, letter);
  };
  add(duration.years, 'y');
  add(duration.months, 'm');
  add(duration.days, 'd');
  add(duration.hours, 'h');
  return text;
}

WallTime before(WallTime time, const Duration& duration, const Zone& zone) {
  using namespace std::chrono;
  const LocalTime local = zone.local(time);
  const sys_days day = floor<days>(local.seconds);
  const year_month_day date(day);

  const std::int64_t months_back = std::int64_t{duration.years} * 12 + duration.months;
  const std::int64_t month =
      std::int64_t{int{date.year()}} * 12 + unsigned{date.month()} - 1 - months_back;
  const std::int64_t year_number = month >= 0 ? month / 12 : -((11 - month) / 12);
  // Far outside WallTime, and what comes back would not fit std::chrono::year.
  if (year_number < 0) return WallTime::min();
  const sys_days first = year(static_cast<int>(year_number)) /
                         std::chrono::month(static_cast<unsigned>(month - year_number * 12) + 1) /
                         1;
  const sys_days start = first + days(static_cast<int>(unsigned{date.day()}) - 1 - duration.days);

  const WallTime stepped = zone.wall({start + (local.seconds - day), local.fraction});
  const seconds passed = hours(duration.hours);
  const seconds room = floor<seconds>(stepped) - ceil<seconds>(WallTime::min());
  return passed >= room ? WallTime::min() : stepped - passed;
}

}  // namespace firebreak
