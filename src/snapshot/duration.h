// Spans of the calendar as restic spells them: "1y5m7d2h". Months and years have no fixed length,
// so a span means something only before or after a point in time, in a zone.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "snapshot/zone.h"

namespace firebreak {

struct Duration {
  int years = 0;
  int months = 0;
  int days = 0;
  int hours = 0;
  bool operator==(const Duration&) const = default;

  bool is_zero() const { return *this == Duration{}; }
};

// Numbers with units, each unit at most once, in any order, spaces around the whole allowed.
// Invalid for all else: weeks, negative and missing numbers, repeated units, no number at all, more
// than 9 digits. restic takes the last of repeated units and lets an empty text mean nothing.
Result<Duration> parse_duration(std::string_view text);

// Units from years down to hours, zeros left out; a zero duration is "0h".
std::string format(const Duration& duration);

// The point so long before `time`: years, months and days step back on the zone's calendar, hours
// are hours passed. A day that its month does not have counts on into the next (31 March less one
// month is 3 March, or 2 March in a leap year), as Go's AddDate does and therefore restic.
// Clamped to the earliest WallTime.
WallTime before(WallTime time, const Duration& duration, const Zone& zone);

}  // namespace firebreak
