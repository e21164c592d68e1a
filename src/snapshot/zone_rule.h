// The rule by which a zone changes its clocks for ever, as POSIX spells it ("CET-1CEST,M3.5.0,
// M10.5.0/3"). Zone files end with one (RFC 8536 section 3.3): it holds after the last change that
// their table lists, which is 2037 at the latest and 2007 for America/New_York in slim files.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace firebreak {

class ZoneRule {
 public:
  // Needs both dates where there is summer time. Invalid for anything else.
  static Result<ZoneRule> parse(std::string_view text);

  // East of Greenwich is positive.
  std::chrono::seconds offset(std::chrono::sys_seconds time) const;

  // When in a year the clocks change.
  struct Change {
    enum class Kind { JulianNoLeap, DayOfYear, WeekdayOfMonth };
    Kind kind = Kind::DayOfYear;
    int day = 0;  // 1..365 without 29 February; 0..365; or weekday 0..6, Sunday first
    int week = 0;
    int month = 0;
    std::chrono::seconds time =
        std::chrono::hours(2);  // after that day's midnight; may be negative

    // On the clock that is shown until then.
    std::chrono::sys_seconds in(std::chrono::year year) const;
  };

 private:
  struct Summer {
    std::chrono::seconds offset{};
    Change start, end;
  };

  std::chrono::seconds winter_{};
  std::optional<Summer> summer_;
};

}  // namespace firebreak
