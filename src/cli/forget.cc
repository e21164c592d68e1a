#include <algorithm>
#include <set>

#include "base/mutex.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/forget_policy.h"
#include "cli/prune_options.h"
#include "cli/snapshot_options.h"
#include "cli/table.h"
#include "cli/units.h"
#include "repository/out_of_place.h"

namespace firebreak {
namespace {

// "forget 2" is a slip of "--keep-last 2".
constexpr std::size_t kRemovedIdMin = 4;

struct Options {
  std::vector<std::string> names;
  PolicyOptions policy;
  SnapshotOptions filter;
  std::string group_by = "host,paths";
  std::string zone = "UTC";
  PruneFlags pruning;
  bool prune = false;
  bool dry_run = false;
  bool compact = false;
  bool may_remove_all = false;
};

// Read from the options before anything is opened.
struct Request {
  RetentionRules rules;
  SnapshotFilter filter;
  PruneOptions pruning;
};

// What is to go, and how it is told.
// Of a snapshot whose file is damaged, while its data is there.
constexpr std::string_view kBringBack =
    "bring the snapshot back by firebreak copy --from-repo OTHER, or by restic recover where no "
    "other repository has it";

struct Decision {
  std::vector<SnapshotId> removed;
  std::size_t kept = 0;
  std::size_t refused = 0;     // groups
  std::size_t unreadable = 0;  // of those removed
};

bool is_empty(const SnapshotOptions& filter) {
  return filter.hosts.empty() && filter.tags.empty() && filter.paths.empty();
}

Result<Request> read_request(const Options& options) {
  Request request;
  RetentionRules& rules = request.rules;
  rules.policy = TRY(policy_of(options.policy));
  rules.group_by = TRY(parse_group_by(options.group_by).context("--group-by"));
  rules.zone = TRY(Zone::open(options.zone).context("--time-zone"));
  rules.may_remove_all = options.may_remove_all;
  request.filter = filter_of(options.filter);
  request.pruning = TRY(prune_options_of(options.pruning));
  request.pruning.may_remove_all = true;  // it removed the last snapshots itself
  for (const std::string& name : options.names) {
    if (name.size() >= kRemovedIdMin) continue;
    return error(Code::Invalid,
                 "\"{}\": give {} characters of the id of what is to be removed, or more",
                 printable(name), kRemovedIdMin);
  }
  if (!options.names.empty() && !rules.policy.is_empty()) {
    return error(Code::Invalid, "snapshots by id or a policy (--keep-…), not both");
  }
  if (options.names.empty() && rules.policy.is_empty() && !options.may_remove_all) {
    return error(Code::Invalid,
                 "no policy and no ids were given: everything was kept; a policy is --keep-… of "
                 "more than 0");
  }
  if (options.may_remove_all && is_empty(options.filter)) {
    return error(Code::Invalid,
                 "--unsafe-allow-remove-all needs a filter: --host, --tag or --path");
  }
  return request;
}

// By id; one that cannot be read, too, because check tells people to do so.
Result<Decision> decide_named(Session& session, const Repository& repository,
                              const std::vector<FoundSnapshot>& all,
                              const std::vector<SnapshotId>& unreadable, const Options& options,
                              const SnapshotFilter& filter) {
  std::vector<FoundSnapshot> candidates = all;
  for (const SnapshotId& id : unreadable) candidates.push_back({id, {}});
  Decision decision;
  std::set<SnapshotId> chosen;
  Table table({"ID", "Time", "Host", "Tags", "Paths"});
  Json removed = Json::array();
  for (const std::string& name : options.names) {
    // "latest" can only be one that was read.
    const FoundSnapshot found =
        TRY(choose_snapshot(name == "latest" ? all : candidates, name, filter));
    if (!chosen.insert(found.id).second) continue;
    const bool is_read = std::any_of(all.begin(), all.end(),
                                     [&](const FoundSnapshot& one) { return one.id == found.id; });
    if (!is_read) {
      ++decision.unreadable;
      TRY(refuse_if_whole(repository.backend(), {FileType::Snapshot, found.id.hex()},
                          session.stop())
              .context("nothing was removed"));
    }
    const Result<WallTime> time = found.snapshot.time.to_wall();
    table.row({found.id.brief(),
               !is_read    ? "unreadable"
               : time.ok() ? format_time(*time)
                           : format_rfc3339(found.snapshot.time),
               found.snapshot.hostname, fmt::format("{}", fmt::join(found.snapshot.tags, ",")),
               fmt::format("{}", fmt::join(found.snapshot.paths, " "))});
    removed.push_back(is_read ? to_json(found)
                              : Json{{"id", found.id.hex()}, {"short_id", found.id.brief()}});
  }
  if (options.prune && decision.unreadable > 0) {
    return error(Code::Invalid,
                 "nothing was removed: what a snapshot had that cannot be read would go with "
                 "--prune, although it can still be brought back; leave --prune out, and {}",
                 kBringBack);
  }
  Console& console = session.console();
  if (console.is_json()) {
    console.json(Json::array({{{"tags", nullptr},
                               {"host", ""},
                               {"paths", nullptr},
                               {"keep", nullptr},
                               {"remove", std::move(removed)},
                               {"reasons", nullptr}}}));
  } else {
    console.line(
        fmt::format("remove {} of {}", chosen.size(), counted(candidates.size(), "snapshot")));
    table.print(console);
  }
  decision.removed.assign(chosen.begin(), chosen.end());
  decision.kept = candidates.size() - chosen.size();
  return decision;
}

Json json_of(const std::vector<FoundSnapshot>& all, const GroupRetention& group) {
  Json keep = Json::array();
  Json remove = Json::array();
  Json reasons = Json::array();
  for (const RetentionDecision& decision : group.decisions) {
    Json snapshot = to_json(all[decision.snapshot]);
    if (decision.keep) reasons.push_back({{"snapshot", snapshot}, {"matches", decision.reasons}});
    (decision.keep ? keep : remove).push_back(std::move(snapshot));
  }
  return {{"tags", list_or_null(group.group.tags)},
          {"host", group.group.host},
          {"paths", list_or_null(group.group.paths)},
          {"keep", std::move(keep)},
          {"remove", std::move(remove)},
          {"reasons", std::move(reasons)}};
}

void print_group(Console& console, const std::vector<FoundSnapshot>& all,
                 const GroupRetention& group, bool compact) {
  const auto kept = std::count_if(group.decisions.begin(), group.decisions.end(),
                                  [](const RetentionDecision& one) { return one.keep; });
  const std::string whose = group.group.describe();
  console.line(fmt::format("{}keep {}, remove {}", whose.empty() ? "" : whose + ": ", kept,
                           group.decisions.size() - static_cast<std::size_t>(kept)));
  std::vector<std::string> heading{"", "ID", "Time", "Host", "Tags"};
  if (!compact) heading.insert(heading.end(), {"Reasons", "Paths"});
  Table table(heading);
  for (const RetentionDecision& decision : group.decisions) {
    const FoundSnapshot& found = all[decision.snapshot];
    const Result<WallTime> time = found.snapshot.time.to_wall();
    std::vector<std::string> cells{
        decision.keep ? "keep" : "remove", found.id.brief(),
        time.ok() ? format_time(*time) : format_rfc3339(found.snapshot.time),
        found.snapshot.hostname, fmt::format("{}", fmt::join(found.snapshot.tags, ","))};
    if (!compact) {
      cells.push_back(fmt::format("{}", fmt::join(decision.reasons, ", ")));
      cells.push_back(fmt::format("{}", fmt::join(found.snapshot.paths, " ")));
    }
    table.row(std::move(cells));
  }
  table.print(console);
  console.line("");
}

Result<Decision> decide_by_policy(Session& session, const std::vector<FoundSnapshot>& all,
                                  const Request& request, bool compact) {
  std::vector<FoundSnapshot> matching;
  std::copy_if(all.begin(), all.end(), std::back_inserter(matching),
               [&](const FoundSnapshot& found) { return request.filter.matches(found.snapshot); });
  const std::vector<GroupRetention> groups =
      TRY(retain(matching, request.rules, session.clock().now()));
  Console& console = session.console();
  if (!request.rules.policy.is_empty()) {
    console.say(fmt::format("policy: {}", request.rules.policy.describe()));
  }
  Decision decision;
  Json json = Json::array();
  for (const GroupRetention& group : groups) {
    for (const RetentionDecision& one : group.decisions) {
      if (one.keep) {
        ++decision.kept;
      } else {
        decision.removed.push_back(matching[one.snapshot].id);
      }
    }
    if (console.is_json()) {
      json.push_back(json_of(matching, group));
    } else {
      print_group(console, matching, group, compact);
    }
    for (const std::string& warning : group.warnings) console.warn(warning);
    if (!group.refusal) continue;
    console.warn(group.refusal->message() + "; all of it is kept");
    ++decision.refused;
  }
  if (console.is_json()) console.json(json);
  return decision;
}

Result<Decision> decide(Session& session, const Repository& repository, const Options& options,
                        const Request& request) {
  Mutex mutex;
  std::vector<SnapshotId> unreadable;
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(
      repository,
      [&](const std::string& name, const Error& problem) -> Result<void> {
        const SnapshotId id = TRY(SnapshotId::parse(name));
        // A policy counts, and must know what it counts.
        if (options.names.empty()) {
          return Error(problem).within(fmt::format(
              "nothing was removed; if it is lost for good, run firebreak forget {}", id.brief()));
        }
        session.console().warn(problem.message());
        const MutexLock lock(mutex);
        unreadable.push_back(id);
        return {};
      },
      session.stop()));
  if (options.names.empty()) {
    return decide_by_policy(session, all, request, options.compact);
  }
  return decide_named(session, repository, all, unreadable, options, request.filter);
}

Result<ExitCode> forget(Session& session, const Options& options) {
  const Request request = TRY(read_request(options));
  Console& console = session.console();
  OpenedRepository opened = TRY(session.open_to_change(LockKind::Exclusive, options.dry_run));
  Repository& repository = *opened.repository;
  const Decision decision = TRY(decide(session, repository, options, request));
  const std::size_t count = decision.removed.size();
  if (!options.dry_run) {
    TRY(remove_snapshots(repository, *opened.lock, decision.removed, session.stop()));
  }
  if (!console.is_json()) {
    console.line(fmt::format("{} {}, kept {}",
                             options.dry_run ? "dry run: would have removed" : "removed",
                             counted(count, "snapshot"), decision.kept));
  }
  if (options.prune && count > 0) {
    const std::set<SnapshotId> gone(decision.removed.begin(), decision.removed.end());
    TRY(prune_repository(session, opened, request.pruning, options.dry_run,
                         [&](const SnapshotId& id) { return gone.count(id) > 0; }));
  } else if (options.prune) {
    console.say("nothing was removed, so nothing was pruned; that does: firebreak prune");
  } else if (decision.unreadable > 0) {
    console.say(fmt::format("their data is still there; before firebreak prune removes it: {}",
                            kBringBack));
  } else if (count > 0) {
    console.say("their data is still there; next: firebreak prune");
  }
  return decision.refused > 0 ? ExitCode::Incomplete : ExitCode::Success;
}

}  // namespace

void add_forget(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "forget", "Remove snapshots, by id or by what a policy keeps",
      {"firebreak forget -r /srv/backup --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --prune",
       "firebreak forget -r /srv/backup 1a2b3c4d"},
      [options](Session& session) { return forget(session, *options); });
  command.add_option("ID", options->names, "snapshots to remove");
  add_policy_options(command, options->policy);
  command.add_option("--time-zone", options->zone, "where days begin, like Europe/Berlin")
      .capture_default_str();
  command
      .add_option("-g,--group-by", options->group_by,
                  "apply the policy to each host, paths, tags apart")
      .capture_default_str();
  add_snapshot_options(command, options->filter);
  command.add_flag("--unsafe-allow-remove-all", options->may_remove_all,
                   "let the policy remove the last snapshot; needs a filter");
  command.add_flag("-c,--compact", options->compact, "print neither reasons nor paths");
  command.add_flag("-n,--dry-run", options->dry_run, "print what would be removed, remove nothing");
  command.add_flag("--prune", options->prune, "prune when something was removed");
  add_prune_options(command, options->pruning);
}

}  // namespace firebreak
