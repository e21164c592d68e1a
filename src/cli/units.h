// Sizes and spans as people write and read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/rfc3339.h"

namespace firebreak {

// "512", "64K", "1.5 MiB", "20G": powers of 1024, as in restic. Invalid for all else.
Result<std::uint64_t> parse_size(std::string_view text);
// "1.234 GiB", "17 B".
std::string format_size(std::uint64_t bytes);

// "1 snapshot", "2 snapshots", "0 snapshots".
std::string counted(std::uint64_t count, std::string_view thing);

// "90s", "5m", "1h30m": hours, minutes and seconds, each at most once. Invalid for all else.
Result<std::chrono::seconds> parse_span(std::string_view text);
// "1:02:03" or "2:03".
std::string format_span(Nanoseconds span);

// "2026-11-25 02:49:59Z": never the zone of the machine.
std::string format_time(WallTime time);
std::string format_time(FileTime time);
// "2026-11-25T02:49:59Z", "2026-11-25 02:49:59+01:00", "2026-11-25 02:49:59 +0100". Invalid for all
// else: without a zone, the same words would mean another time on another machine.
Result<FileTime> parse_time(std::string_view text);

}  // namespace firebreak
