// Times as the formats spell them: RFC 3339 the way Go prints it, with up to nine digits of
// fraction, trailing zeros cut, and "Z" for UTC.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace firebreak {

// Seconds and nanoseconds apart, because a file's time may lie outside the 584 years that 64 bits
// of nanoseconds span: the zero time of restic's trees is year 1.
struct FileTime {
  std::chrono::sys_seconds seconds{};
  std::uint32_t nanoseconds = 0;  // below 10^9
  auto operator<=>(const FileTime&) const = default;

  static FileTime from(WallTime time);
  // Invalid outside 1677..2262.
  Result<WallTime> to_wall() const;
};

// 0001-01-01T00:00:00Z, what Go calls the zero time.
FileTime zero_time();

// In UTC. Years outside 0000..9999, which the format cannot spell, are clamped to its ends.
std::string format_rfc3339(FileTime time);
std::string format_rfc3339(WallTime time);

// Accepts any offset; Invalid for everything else that RFC 3339 does not allow, a missing zone
// above all.
Result<FileTime> parse_rfc3339(std::string_view text);

}  // namespace firebreak
