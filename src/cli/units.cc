#include "cli/units.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::string_view kPrefixes = "KMGTPE";

// The number that `text` begins with is taken off it.
template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// What one unit of a size is, 0 for an unknown one.
std::uint64_t bytes_of_unit(std::string_view unit) {
  if (unit.empty() || unit == "B" || unit == "b") return 1;
  const char letter = unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 32) : unit[0];
  const std::size_t power = kPrefixes.find(letter);
  const std::string_view rest = unit.substr(1);
  const bool known = rest.empty() || rest == "B" || rest == "iB" || rest == "i";
  if (power == std::string_view::npos || !known) return 0;
  return std::uint64_t{1} << (10 * (power + 1));
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  double number = 0;
  const bool numeric = take_number(rest, number);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const std::uint64_t unit = bytes_of_unit(rest);
  if (!numeric || unit == 0 || !std::isfinite(number) || number < 0) {
    return error(Code::Invalid, "\"{}\" is no size; write it like 512, 64K, 1.5M or 20G",
                 printable(text));
  }
  const double bytes = number * static_cast<double>(unit);
  if (bytes >= 9.2e18) return error(Code::Invalid, "\"{}\" is too large", printable(text));
  return static_cast<std::uint64_t>(bytes);
}

std::string counted(std::uint64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t power = 0;
  while (value >= 1023.9995 && power < kPrefixes.size()) {
    value /= 1024;
    ++power;
  }
  return fmt::format("{:.3f} {}iB", value, kPrefixes[power - 1]);
}

Result<std::chrono::seconds> parse_span(std::string_view text) {
  std::string_view rest = text;
  std::chrono::seconds span{};
  std::string_view units_left = "hms";
  bool any = false;
  while (!rest.empty()) {
    std::uint32_t number = 0;
    if (!take_number(rest, number) || rest.empty()) break;
    const std::size_t unit = units_left.find(rest[0]);
    if (unit == std::string_view::npos) break;
    const int seconds = rest[0] == 'h' ? 3600 : rest[0] == 'm' ? 60 : 1;
    span += std::chrono::seconds(std::int64_t{number} * seconds);
    units_left.remove_prefix(unit + 1);
    rest.remove_prefix(1);
    any = true;
  }
  if (!any || !rest.empty()) {
    return error(Code::Invalid, "\"{}\" is no span of time; write it like 90s, 5m or 1h30m",
                 printable(text));
  }
  return span;
}

std::string format_span(Nanoseconds span) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
  const auto hours = seconds / 3600;
  const auto minutes = seconds / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60);
  return fmt::format("{}:{:02}", minutes, seconds % 60);
}

std::string format_time(WallTime time) {
  return format_time(FileTime::from(time));
}

std::string format_time(FileTime time) {
  std::string text = format_rfc3339(FileTime{time.seconds, 0});
  text[10] = ' ';
  return text;
}

Result<FileTime> parse_time(std::string_view text) {
  std::string strict(text);
  if (strict.size() > 10 && strict[10] == ' ') strict[10] = 'T';
  const std::size_t zone = strict.find(' ');
  if (zone != std::string::npos) strict.erase(zone, 1);
  const std::size_t sign = strict.find_last_of("+-");
  if (sign != std::string::npos && sign > 10 && strict.size() - sign == 5) {
    strict.insert(strict.size() - 2, 1, ':');
  }
  Result<FileTime> time = parse_rfc3339(strict);
  if (time.ok()) return time;
  return error(Code::Invalid,
               "\"{}\" is no time with its zone; write it like 2026-11-25T02:49:59Z or "
               "2026-11-25 02:49:59+01:00",
               printable(text));
}

}  // namespace firebreak
