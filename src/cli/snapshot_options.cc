#include "cli/snapshot_options.h"

#include <algorithm>
#include <set>

namespace firebreak {

void add_snapshot_options(Command command, SnapshotOptions& options) {
  command.add_list("-H,--host", options.hosts, "only snapshots of this host; may be repeated");
  command.add_list(
      "--tag", options.tags,
      "only snapshots with all of these tags (a,b); repeated, any of the lists will do");
  command.add_list("--path", options.paths, "only snapshots with this path; repeated, with all");
}

std::vector<std::string> split_tags(std::string_view text) {
  std::vector<std::string> tags;
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view tag = text.substr(0, comma);
    while (tag.starts_with(' ')) tag.remove_prefix(1);
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    tags.emplace_back(tag);
    if (comma == std::string_view::npos) return tags;
    text.remove_prefix(comma + 1);
  }
}

SnapshotFilter filter_of(const SnapshotOptions& options) {
  SnapshotFilter filter{.hosts = options.hosts, .tags = {}, .paths = options.paths};
  for (const std::string& list : options.tags) {
    std::vector<std::string> set = split_tags(list);
    if (set == std::vector<std::string>{""}) set.clear();  // means: without tags
    filter.tags.push_back(std::move(set));
  }
  return filter;
}

Result<std::vector<FoundSnapshot>> choose_snapshots(const std::vector<FoundSnapshot>& all,
                                                    const std::vector<std::string>& names,
                                                    const SnapshotFilter& filter) {
  std::set<SnapshotId> named;
  for (const std::string& name : names) {
    const FoundSnapshot found = TRY(choose_snapshot(all, name, filter));
    named.insert(found.id);
  }
  std::vector<FoundSnapshot> chosen;
  std::copy_if(all.begin(), all.end(), std::back_inserter(chosen), [&](const FoundSnapshot& one) {
    return names.empty() ? filter.matches(one.snapshot) : named.contains(one.id);
  });
  return chosen;
}

Json to_json(const FoundSnapshot& found) {
  // The file's own encoding is the field's standard; what restic adds comes behind.
  Json json = Json::parse(encode_snapshot(found.snapshot), nullptr, false);
  json["id"] = found.id.hex();
  json["short_id"] = found.id.brief();
  return json;
}

}  // namespace firebreak
