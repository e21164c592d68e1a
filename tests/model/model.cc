#include "model/model.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"

namespace firebreak {
namespace {

std::string describe(const Value& value) {
  return fmt::format("{} mode {:o} time {} size {} content {} first name \"{}\"", value.kind,
                     value.mode, value.modified.time_since_epoch().count(), value.size,
                     printable(value.content), printable(value.first_name));
}

}  // namespace

std::string difference(const Paths& wanted, const Paths& found) {
  for (const auto& [path, value] : wanted) {
    const auto there = found.find(path);
    if (value.any || (there != found.end() && there->second == value)) continue;
    return fmt::format("\"{}\" should be {}, and is {}", printable(path), describe(value),
                       there == found.end() ? "missing" : describe(there->second));
  }
  for (const auto& [path, value] : found) {
    if (wanted.contains(path)) continue;
    return fmt::format("\"{}\" should not be there: {}", printable(path), describe(value));
  }
  return {};
}

void name_links(Paths& paths,
                const std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>& inodes) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::string>> names;
  for (const auto& [path, inode] : inodes) names[inode].push_back(path);
  for (const auto& [inode, all] : names) {
    if (all.size() < 2) continue;
    for (const std::string& path : all) paths.at(path).first_name = all.front();
  }
}

std::set<SnapshotId> Model::forgotten(int last, const std::string& tag, WallTime now) const {
  std::vector<std::pair<WallTime, SnapshotId>> newest_first;
  for (const auto& [id, remembered] : snapshots) {
    if (remembered.time <= now + std::chrono::minutes(10)) {
      newest_first.emplace_back(remembered.time, id);
    }
  }
  // A tag that lost its store half-way leaves two of one time.
  std::sort(newest_first.begin(), newest_first.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::set<SnapshotId> doomed;
  for (std::size_t i = static_cast<std::size_t>(last); i < newest_first.size(); ++i) {
    const SnapshotId& id = newest_first[i].second;
    if (!snapshots.at(id).tags.contains(tag)) doomed.insert(id);
  }
  if (doomed.size() == newest_first.size()) return {};
  return doomed;
}

}  // namespace firebreak
