#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reading.h"
#include "cli/snapshot_options.h"
#include "cli/table.h"
#include "cli/units.h"
#include "snapshot/snapshot_group.h"

namespace firebreak {
namespace {

struct Options {
  SnapshotOptions filter;
  std::vector<std::string> names;
  std::string group_by;
  unsigned latest = 0;
};

// The chosen ones, oldest first.
Result<std::vector<FoundSnapshot>> choose(const std::vector<FoundSnapshot>& all,
                                          const Options& options) {
  const SnapshotFilter filter = filter_of(options.filter);
  std::vector<FoundSnapshot> chosen;
  for (const std::string& name : options.names) {
    chosen.push_back(TRY(choose_snapshot(all, name, filter)));
  }
  if (options.names.empty()) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
                 [&](const FoundSnapshot& found) { return filter.matches(found.snapshot); });
  }
  if (options.latest == 0) return chosen;
  // The newest of each host and paths.
  std::vector<std::size_t> kept;
  for (const SnapshotGroup& group : group_snapshots(chosen, {.host = true, .paths = true})) {
    const std::size_t count = std::min<std::size_t>(options.latest, group.members.size());
    kept.insert(kept.end(), group.members.end() - static_cast<std::ptrdiff_t>(count),
                group.members.end());
  }
  std::sort(kept.begin(), kept.end());
  std::vector<FoundSnapshot> latest;
  for (const std::size_t at : kept) latest.push_back(chosen[at]);
  return latest;
}

void print_table(Console& console, const std::vector<FoundSnapshot>& snapshots,
                 const std::vector<std::size_t>& members) {
  Table table({"ID", "Time", "Host", "Tags", "Paths", "Size"});
  for (const std::size_t at : members) {
    const Snapshot& snapshot = snapshots[at].snapshot;
    const Result<WallTime> time = snapshot.time.to_wall();
    table.row({snapshots[at].id.brief(),
               time.ok() ? format_time(*time) : format_rfc3339(snapshot.time), snapshot.hostname,
               fmt::format("{}", fmt::join(snapshot.tags, ",")),
               fmt::format("{}", fmt::join(snapshot.paths, " ")),
               snapshot.summary ? format_size(snapshot.summary->total_bytes_processed) : ""});
  }
  table.print(console);
}

Result<ExitCode> list(Session& session, const Options& options) {
  const auto opened = TRY(session.open_to_read());
  Losses losses(session.console());
  const std::vector<FoundSnapshot> all =
      TRY(load_snapshots(*opened.repository, losses.broken_snapshot(), session.stop()));
  const std::vector<FoundSnapshot> chosen = TRY(choose(all, options));
  const GroupBy by = TRY(parse_group_by(options.group_by));
  Console& console = session.console();
  const std::vector<SnapshotGroup> groups = group_snapshots(chosen, by);
  const bool grouped = by != GroupBy{};
  if (console.is_json()) {
    Json json = Json::array();
    for (const SnapshotGroup& group : groups) {
      Json members = Json::array();
      for (const std::size_t at : group.members) members.push_back(to_json(chosen[at]));
      if (!grouped) {
        json = std::move(members);
        continue;
      }
      json.push_back({{"group_key",
                       {{"hostname", group.host},
                        {"paths", list_or_null(group.paths)},
                        {"tags", list_or_null(group.tags)}}},
                      {"snapshots", std::move(members)}});
    }
    console.json(json);
    return losses.end();
  }
  for (const SnapshotGroup& group : groups) {
    if (grouped) console.line(fmt::format("snapshots for {}", group.describe()));
    print_table(console, chosen, group.members);
    if (grouped) console.line("");
  }
  console.say(counted(chosen.size(), "snapshot"));
  return losses.end();
}

}  // namespace

void add_snapshots(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "snapshots", "List snapshots",
      {"firebreak snapshots -r /srv/backup", "firebreak snapshots --latest 1 --json"},
      [options](Session& session) { return list(session, *options); });
  command.add_option("ID", options->names, "snapshots to show; all where none is given");
  command.add_option("--latest", options->latest, "only the newest N of each host and paths");
  command.add_option("-g,--group-by", options->group_by, "host, paths, tags, with commas between");
  add_snapshot_options(command, options->filter);
}

}  // namespace firebreak
