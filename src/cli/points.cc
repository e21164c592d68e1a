#include "cli/points.h"

#include <algorithm>

#include "cli/units.h"

namespace firebreak {

Result<ChosenPoint> choose_point(Session& session, const Reading& reading,
                                 const std::string& name) {
  const SnapshotFilter points{.hosts = {std::string(kPointHost)}, .tags = {}, .paths = {}};
  const FoundSnapshot found = TRY(choose_snapshot(reading.snapshots, name, points));
  Point point = TRY(load_point(reading.repository(), found.snapshot.tree, session.stop())
                        .context("snapshot {}", found.id.brief()));
  std::uint64_t documents = 0;
  for (const Point::Database& database : point.databases) {
    documents += database.documents.documents;
  }
  std::uint64_t objects = 0;
  for (const Point::Bucket& bucket : point.buckets) objects += bucket.objects.count;
  const std::uint64_t users = point.users ? point.users->count : 0;
  std::string has = fmt::format("{}, {}, {}", counted(documents, "document"),
                                counted(objects, "object"), counted(users, "user"));
  if (point.config) has += ", " + counted(point.config->items, "setting");
  session.console().say(fmt::format("point {} of {} as at {}: {}", found.id.brief(), point.project,
                                    format_rfc3339(point.cut()), has));
  return ChosenPoint{found.id, found.snapshot.tree, std::move(point)};
}

Result<void> refuse_mixing(const std::vector<FoundSnapshot>& all, const std::string& project,
                           Origin origin) {
  const std::string path = point_path(project);
  for (const FoundSnapshot& found : all) {
    const Snapshot& snapshot = found.snapshot;
    if (snapshot.hostname != kPointHost || snapshot.paths != std::vector{path}) continue;
    const bool is_of_emulator = std::ranges::find(snapshot.tags, "emulator") != snapshot.tags.end();
    if (is_of_emulator == (origin == Origin::Emulator)) continue;
    return error(
        Code::Invalid,
        "snapshot {} is of the {} project {}; a capture of {} goes into another repository",
        found.id.brief(), is_of_emulator ? "emulated" : "real", project,
        is_of_emulator ? "the real one" : "an emulator");
  }
  return {};
}

}  // namespace firebreak
