// A time zone by its IANA name. Calendar arithmetic never uses the zone of the machine: the same
// snapshots, policy and zone give the same answer on every host.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace firebreak {

// What a wall clock shows, counted as if it were UTC, so that std::chrono's calendar applies.
struct LocalTime {
  std::chrono::sys_seconds seconds{};
  std::chrono::nanoseconds fraction{};  // below one second, never negative
};

// Equal keys: the same hour, day, week, month or year on that zone's calendar. Two hours that a
// change of the clocks gives the same name have the same key.
struct CalendarKeys {
  std::int64_t hour = 0;  // YYYYMMDDHH, more than 32 bits from 2148 on
  int day = 0;            // YYYYMMDD
  int week = 0;           // YYYYWW as ISO 8601 numbers weeks; its year may differ from the month's
  int month = 0;          // YYYYMM
  int year = 0;
};

// Cheap to copy; safe to use from many threads.
class Zone {
 public:
  static Zone utc();
  // Names as the system's zone database spells them ("Europe/Berlin"); "UTC" needs no database.
  // Invalid, with the nearest known name, for any other; Io where the database cannot be read.
  static Result<Zone> open(std::string_view name);

  const std::string& name() const;
  LocalTime local(WallTime time) const;
  // Of a local time that the clocks show twice or leap over, the earlier of the two readings.
  // Clamped to what WallTime spans.
  WallTime wall(LocalTime time) const;
  CalendarKeys keys(WallTime time) const;

 private:
  struct Rules;
  explicit Zone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

  std::shared_ptr<const Rules> rules_;  // shared by the copies of this zone; never changes
};

}  // namespace firebreak
