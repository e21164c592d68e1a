#include "snapshot/snapshot_group.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <map>
#include <tuple>

namespace firebreak {
namespace {

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace

Result<GroupBy> parse_group_by(std::string_view text) {
  GroupBy by;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view word = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (word == "host" || word == "hosts") {
      by.host = true;
    } else if (word == "path" || word == "paths") {
      by.paths = true;
    } else if (word == "tag" || word == "tags") {
      by.tags = true;
    } else if (!word.empty()) {
      return error(Code::Invalid, "cannot group by \"{}\", only by host, paths and tags",
                   printable(word));
    }
  }
  return by;
}

std::string SnapshotGroup::describe() const {
  std::vector<std::string> parts;
  if (!host.empty()) parts.push_back("host " + host);
  if (!paths.empty()) parts.push_back(fmt::format("path [{}]", fmt::join(paths, " ")));
  if (!tags.empty()) parts.push_back(fmt::format("tags [{}]", fmt::join(tags, " ")));
  return printable(fmt::format("{}", fmt::join(parts, ", ")));
}

std::vector<SnapshotGroup> group_snapshots(const std::vector<FoundSnapshot>& all, GroupBy by) {
  using Names = std::vector<std::string>;
  std::map<std::tuple<std::string, Names, Names>, SnapshotGroup> groups;
  for (std::size_t at = 0; at < all.size(); ++at) {
    const Snapshot& snapshot = all[at].snapshot;
    const auto key = std::tuple(by.host ? snapshot.hostname : std::string(),
                                by.paths ? sorted(snapshot.paths) : Names(),
                                by.tags ? sorted(snapshot.tags) : Names());
    SnapshotGroup& group = groups[key];
    std::tie(group.host, group.paths, group.tags) = key;
    group.members.push_back(at);
  }
  std::vector<SnapshotGroup> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

}  // namespace firebreak
