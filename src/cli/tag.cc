#include <algorithm>

#include "cli/commands.h"
#include "cli/reading.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"

namespace firebreak {
namespace {

struct Options {
  std::vector<std::string> names;
  std::vector<std::string> set;
  std::vector<std::string> add;
  std::vector<std::string> remove;
  SnapshotOptions filter;
  bool dry_run = false;
};

std::vector<std::string> all_of(const std::vector<std::string>& lists) {
  std::vector<std::string> tags;
  for (const std::string& list : lists) {
    for (std::string& tag : split_tags(list)) {
      const bool is_new = std::find(tags.begin(), tags.end(), tag) == tags.end();
      if (!tag.empty() && is_new) tags.push_back(std::move(tag));
    }
  }
  return tags;
}

// What a snapshot's tags become. --set with the empty tag alone takes all away.
std::vector<std::string> changed_tags(const std::vector<std::string>& before,
                                      const Options& options) {
  if (!options.set.empty()) return all_of(options.set);
  std::vector<std::string> tags = before;
  for (std::string& tag : all_of(options.add)) {
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(std::move(tag));
  }
  for (const std::string& tag : all_of(options.remove)) std::erase(tags, tag);
  return tags;
}

Result<void> validate(const Options& options) {
  const bool changes = !options.add.empty() || !options.remove.empty();
  if (!options.set.empty() && changes) {
    return error(Code::Invalid, "--set alone, or --add and --remove");
  }
  if (options.set.empty() && !changes) {
    return error(Code::Invalid, "nothing to do; give --set, --add or --remove");
  }
  return {};
}

Result<ExitCode> tag(Session& session, const Options& options) {
  TRY(validate(options));
  Console& console = session.console();
  const OpenedRepository opened = TRY(session.open_to_change(LockKind::Exclusive, options.dry_run));
  const Repository& repository = *opened.repository;
  Losses losses(console);
  const std::vector<FoundSnapshot> all =
      TRY(load_snapshots(repository, losses.broken_snapshot(), session.stop()));
  const std::vector<FoundSnapshot> chosen =
      TRY(choose_snapshots(all, options.names, filter_of(options.filter)));
  std::vector<FoundSnapshot> to_change;
  for (const FoundSnapshot& found : chosen) {
    const std::vector<std::string>& before = found.snapshot.tags;
    if (changed_tags(before, options) != before) to_change.push_back(found);
  }
  console.say(
      fmt::format("{} of {} to change", to_change.size(), counted(chosen.size(), "snapshot")));
  for (const FoundSnapshot& found : to_change) {
    if (options.dry_run) continue;
    Snapshot changed = found.snapshot;
    changed.tags = changed_tags(changed.tags, options);
    const SnapshotId id =
        TRY(replace_snapshot(repository, *opened.lock, found, std::move(changed), session.stop()));
    if (console.is_json()) {
      console.json({{"message_type", "changed"},
                    {"old_snapshot_id", found.id.hex()},
                    {"new_snapshot_id", id.hex()}});
    } else {
      console.line(fmt::format("snapshot {} is now {}", found.id.brief(), id.brief()));
    }
  }
  if (console.is_json()) {
    console.json({{"message_type", "summary"},
                  {"dry_run", options.dry_run},
                  {"changed_snapshots", to_change.size()}});
    return losses.end();
  }
  console.line(fmt::format("{} {}", options.dry_run ? "dry run: would have changed" : "changed",
                           counted(to_change.size(), "snapshot")));
  console.say("next: firebreak snapshots");
  return losses.end();
}

}  // namespace

void add_tag(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command =
      program.command("tag", "Change the tags of snapshots, which then have new ids",
                      {"firebreak tag -r /srv/backup --add keep latest",
                       "firebreak tag -r /srv/backup --tag daily --remove daily --add nightly"},
                      [options](Session& session) { return tag(session, *options); });
  command.add_option("ID", options->names, "snapshots to change; all where none is given");
  command.add_list("--set", options->set, "have these tags (a,b) and no others; \"\" for none");
  command.add_list("--add", options->add, "have these tags too");
  command.add_list("--remove", options->remove, "no longer have these tags");
  add_snapshot_options(command, options->filter);
  command.add_flag("-n,--dry-run", options->dry_run, "count, change nothing");
}

}  // namespace firebreak
