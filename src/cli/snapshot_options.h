// The options by which commands choose snapshots.
#pragma once

#include "cli/json.h"
#include "cli/program.h"
#include "snapshot/snapshot.h"

namespace firebreak {

struct SnapshotOptions {
  std::vector<std::string> hosts;
  std::vector<std::string> tags;  // each "a,b": all of them
  std::vector<std::string> paths;

  bool operator==(const SnapshotOptions&) const = default;
};

// --host, --tag, --path.
void add_snapshot_options(Command command, SnapshotOptions& options);
SnapshotFilter filter_of(const SnapshotOptions& options);

// Those named, in the order of the list; all that match where none is named. NotFound or Invalid
// name what is not there.
Result<std::vector<FoundSnapshot>> choose_snapshots(const std::vector<FoundSnapshot>& all,
                                                    const std::vector<std::string>& names,
                                                    const SnapshotFilter& filter);

// "a,b" as the set of a and b; the empty text is the set of the empty tag.
std::vector<std::string> split_tags(std::string_view text);

// As restic prints them, with "id" and "short_id".
Json to_json(const FoundSnapshot& found);

}  // namespace firebreak
