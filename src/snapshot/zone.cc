#include "snapshot/zone.h"

#include <algorithm>
#include <date/tz.h>
#include <exception>
#include <optional>
#include <vector>

#include "base/file.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "snapshot/zone_rule.h"

namespace firebreak {
namespace {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::size_t kZoneFileSizeMax = 1 << 20;
// A rule of the table that lasts longer than this is its last one.
constexpr sys_seconds kEndOfTable = sys_days(std::chrono::year(3000) / 1 / 1);

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

// "berlin" is nearer to "Europe/Berlin" than to "Merlin" because the place alone counts too.
std::size_t distance(const std::string& wanted, const std::string& known) {
  const std::string place = known.substr(known.rfind('/') + 1);
  return std::min(edit_distance(wanted, known), edit_distance(wanted, place) + 1);
}

// The database is a plain folder of files; the library tells no path, so its places are repeated
// here. The last line of a file is its rule; files of version 1 have none and end with a zero.
Result<std::optional<ZoneRule>> last_rule(const std::string& name) {
  for (const char* folder : {"/usr/share/zoneinfo/", "/usr/share/uclibc/zoneinfo/"}) {
    const Result<Bytes> file = read_file(folder + name, kZoneFileSizeMax);
    if (failed_with(file, Code::NotFound)) continue;
    if (!file.ok()) return file.error();
    std::string_view text = as_text(*file);
    if (text.empty() || text.back() != '\n') break;
    text.remove_suffix(1);
    text.remove_prefix(text.rfind('\n') + 1);  // npos + 1 is 0
    if (text.empty()) break;
    const ZoneRule rule = TRY(ZoneRule::parse(text));
    return std::optional(rule);
  }
  return std::optional<ZoneRule>();
}

}  // namespace

struct Zone::Rules {
  std::string name;
  const date::time_zone* table = nullptr;  // lives as long as the program; null in UTC
  std::optional<ZoneRule> after;           // what holds after the table's last change

  seconds offset(sys_seconds time) const {
    if (table == nullptr) return seconds(0);
    const date::sys_info info = table->get_info(time);
    if (info.end < kEndOfTable || !after.has_value()) return info.offset;
    return after->offset(time);
  }
};

Zone Zone::utc() {
  static const auto rules = std::make_shared<const Rules>(Rules{"UTC", nullptr, std::nullopt});
  return Zone(rules);
}

Result<Zone> Zone::open(std::string_view name) {
  if (name == "UTC") return utc();
  auto rules = std::make_shared<Rules>();
  rules->name = name;
  try {
    const auto& zones = date::get_tzdb().zones;
    const auto found = std::find_if(zones.begin(), zones.end(), [&](const date::time_zone& zone) {
      return zone.name() == name;
    });
    if (found == zones.end()) {
      std::string nearest = "UTC";
      std::size_t least = edit_distance(lower(name), "utc");
      for (const date::time_zone& zone : zones) {
        const std::size_t steps = distance(lower(name), lower(zone.name()));
        if (steps < least) nearest = zone.name();
        least = std::min(least, steps);
      }
      return error(Code::Invalid, "unknown time zone \"{}\"; the nearest is \"{}\"",
                   printable(name), nearest);
    }
    rules->table = &*found;
    // The library reads a zone's file when first asked; from here on nothing throws.
    (void)found->get_info(sys_seconds{});
  } catch (const std::exception& failure) {
    return error(Code::Io, "time zone \"{}\": {}", printable(name), printable(failure.what()));
  }
  rules->after = TRY(last_rule(rules->name).context("time zone \"{}\"", name));
  return Zone(std::move(rules));
}

const std::string& Zone::name() const {
  return rules_->name;
}

LocalTime Zone::local(WallTime time) const {
  const FileTime split = FileTime::from(time);
  return {split.seconds + rules_->offset(split.seconds), Nanoseconds(split.nanoseconds)};
}

WallTime Zone::wall(LocalTime time) const {
  // No offset is as large as 26 hours, so these two are the offsets before and after whatever
  // change is near. The larger offset gives the earlier reading.
  const seconds around[] = {rules_->offset(time.seconds - hours(26)),
                            rules_->offset(time.seconds + hours(26))};
  const auto [smaller, larger] = std::minmax(around[0], around[1]);
  sys_seconds whole = time.seconds - larger;
  if (rules_->offset(whole) != larger && rules_->offset(time.seconds - smaller) == smaller) {
    whole = time.seconds - smaller;
  }
  if (whole <= std::chrono::ceil<seconds>(WallTime::min())) return WallTime::min();
  if (whole >= floor<seconds>(WallTime::max())) return WallTime::max();
  return whole + time.fraction;
}

CalendarKeys Zone::keys(WallTime time) const {
  using namespace std::chrono;
  const sys_seconds shown = local(time).seconds;
  const sys_days day = floor<days>(shown);
  const year_month_day date(day);
  const auto hour = floor<std::chrono::hours>(shown - day).count();

  CalendarKeys keys;
  keys.year = int{date.year()};
  keys.month = keys.year * 100 + static_cast<int>(unsigned{date.month()});
  keys.day = keys.month * 100 + static_cast<int>(unsigned{date.day()});
  keys.hour = std::int64_t{keys.day} * 100 + hour;
  // An ISO week belongs to the year that its Thursday is in.
  const sys_days thursday = day - (weekday(day) - Monday) + days(3);
  const year week_year = year_month_day(thursday).year();
  const auto weeks = (thursday - sys_days(week_year / January / 1)) / days(7);
  keys.week = int{week_year} * 100 + static_cast<int>(weeks) + 1;
  return keys;
}

}  // namespace firebreak
