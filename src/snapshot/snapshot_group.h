// Snapshots that belong together: of one host, of the same paths, with the same tags, or any
// combination of these (restic's --group-by).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "snapshot/snapshot.h"

namespace firebreak {

struct GroupBy {
  bool host = false;
  bool paths = false;
  bool tags = false;
  bool operator==(const GroupBy&) const = default;
};

// "host", "paths" and "tags" (or "hosts", "path", "tag") with commas between; empty for one group
// of all. Invalid for other words.
Result<GroupBy> parse_group_by(std::string_view text);

struct SnapshotGroup {
  // What the members have in common; empty where the grouping does not ask for it.
  std::string host;
  std::vector<std::string> paths;    // sorted
  std::vector<std::string> tags;     // sorted
  std::vector<std::size_t> members;  // positions in the list that was grouped, in its order

  // "host a, path [/home /srv], tags [daily]", safe to print; empty for a group of all.
  std::string describe() const;
};

// In the order of host, paths, tags. Every snapshot is in exactly one group.
std::vector<SnapshotGroup> group_snapshots(const std::vector<FoundSnapshot>& all, GroupBy by);

}  // namespace firebreak
