#include "repository/copy.h"

#include <algorithm>
#include <map>
#include <set>

#include "cli/commands.h"
#include "cli/counted_progress.h"
#include "cli/from_options.h"
#include "cli/reading.h"
#include "cli/saving_options.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"
#include "cli/used_blobs.h"

namespace firebreak {
namespace {

struct Options {
  RepositoryOptions from;
  std::vector<std::string> names;
  SnapshotOptions filter;
  SavingOptions saving;
};

SnapshotId origin_of(const FoundSnapshot& found) {
  return found.snapshot.original.value_or(found.id);
}

template <typename T>
bool same_set(std::vector<T> a, std::vector<T> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

// As restic compares: all but parent and origin.
bool alike(const Snapshot& a, const Snapshot& b) {
  return a.time == b.time && a.tree == b.tree && a.hostname == b.hostname &&
         a.username == b.username && a.uid == b.uid && a.gid == b.gid && a.excludes == b.excludes &&
         same_set(a.paths, b.paths) && same_set(a.tags, b.tags);
}

// Which of the chosen snapshots the destination has already: by source id, its own one.
std::map<SnapshotId, SnapshotId> find_copies(const std::vector<FoundSnapshot>& chosen,
                                             const std::vector<FoundSnapshot>& there) {
  std::multimap<SnapshotId, const FoundSnapshot*> by_origin;
  for (const FoundSnapshot& found : there) {
    by_origin.emplace(found.id, &found);
    if (found.snapshot.original) by_origin.emplace(*found.snapshot.original, &found);
  }
  std::map<SnapshotId, SnapshotId> copies;
  for (const FoundSnapshot& found : chosen) {
    const auto [first, last] = by_origin.equal_range(origin_of(found));
    const auto copy = std::find_if(
        first, last, [&](const auto& one) { return alike(one.second->snapshot, found.snapshot); });
    if (copy != last) copies.emplace(found.id, copy->second->id);
  }
  return copies;
}

void tell(Console& console, const FoundSnapshot& found, const SnapshotId& copy, bool is_new) {
  if (console.is_json()) {
    console.json({{"message_type", is_new ? "copied" : "skipped"},
                  {"source_snapshot_id", found.id.hex()},
                  {"snapshot_id", copy.hex()}});
  } else if (is_new) {
    console.line(fmt::format("snapshot {} saved, copied from {}", copy.brief(), found.id.brief()));
  } else {
    console.say(fmt::format("snapshot {} is there already, as {}", found.id.brief(), copy.brief()));
  }
}

Result<void> save_copies(Session& session, OpenedRepository& opened,
                         const std::vector<FoundSnapshot>& fresh) {
  for (const FoundSnapshot& found : fresh) {
    Snapshot copy = found.snapshot;
    copy.parent.reset();  // an id of the other repository
    copy.original = origin_of(found);
    TRY(opened.lock->held(session.stop()));
    const SnapshotId id = TRY(save_snapshot(*opened.repository, copy, session.stop()));
    tell(session.console(), found, id, true);
  }
  return {};
}

// Copies what the destination lacks of these snapshots.
Result<BlobSaver::Totals> copy_data(Session& session, const Repository& source,
                                    Repository& destination,
                                    const std::vector<FoundSnapshot>& snapshots,
                                    const BlobSaver::Options& saving) {
  const BlobSet wanted = TRY(
      used_blobs(session, source, snapshots,
                 [](const std::string& path, const Error& problem) -> Result<void> {
                   return Error(problem).within(
                       "nothing was copied, the source is damaged (see firebreak check): " + path);
                 }));
  Progress progress;
  const CountedProgress shown(session, progress, "copy", "packs read");
  return copy_blobs(source, destination, wanted, saving, progress, session.stop());
}

Result<ExitCode> copy(Session& session, const Options& options) {
  BlobSaver::Options saving = TRY(saving_of(options.saving));
  saving.verify_present = !options.names.empty();
  Console& console = session.console();
  OpenedRepository from = TRY(open_from(session, options.from, LockKind::Shared));
  OpenedRepository to = TRY(session.open_to_change(LockKind::Shared, false));
  Repository& source = *from.repository;
  Repository& destination = *to.repository;
  // By its lock, not by its id: a copy of its folder, which has the same id, can bring back what
  // was lost here.
  const bool is_one = TRY(to.lock->is_in(*from.backend, session.stop()));
  if (is_one) {
    return error(Code::Invalid, "both are the same repository, {}", destination.config().id);
  }
  if (source.config().chunker_polynomial != destination.config().chunker_polynomial) {
    console.warn(
        "the repositories cut files at different places, so that copies and backups of the same "
        "files share nothing; see firebreak init --copy-chunker-params");
  }
  Losses losses(console);
  const std::vector<FoundSnapshot> here =
      TRY(session.load_snapshots_and_index(source, losses.broken_snapshot()));
  const std::vector<FoundSnapshot> there =
      TRY(session.load_snapshots_and_index(destination, session.pass_over()));
  // A copy may be made to bring back what was lost there.
  TRY(destination.distrust_unlisted_packs(session.stop()));
  const std::vector<FoundSnapshot> chosen =
      TRY(choose_snapshots(here, options.names, filter_of(options.filter)));
  const std::map<SnapshotId, SnapshotId> copies = find_copies(chosen, there);
  std::vector<FoundSnapshot> fresh;
  for (const FoundSnapshot& found : chosen) {
    const auto known = copies.find(found.id);
    if (known == copies.end()) {
      fresh.push_back(found);
    } else {
      tell(console, found, known->second, false);
    }
  }
  // Of those asked for by id the data is looked at, too.
  const std::vector<FoundSnapshot>& compared = options.names.empty() ? fresh : chosen;
  console.say(fmt::format("{} to copy, {} there already", counted(fresh.size(), "snapshot"),
                          chosen.size() - fresh.size()));
  BlobSaver::Totals totals;
  if (!compared.empty()) {
    totals = TRY(copy_data(session, source, destination, compared, saving));
  }
  TRY(save_copies(session, to, fresh));
  if (console.is_json()) {
    console.json({{"message_type", "summary"},
                  {"snapshots_copied", fresh.size()},
                  {"snapshots_skipped", chosen.size() - fresh.size()},
                  {"data_blobs", totals.data_blobs},
                  {"tree_blobs", totals.tree_blobs},
                  {"data_added", totals.added_bytes},
                  {"data_added_packed", totals.stored_bytes}});
    return losses.end();
  }
  console.line(fmt::format("copied {}; added {}, stored as {}", counted(fresh.size(), "snapshot"),
                           format_size(totals.added_bytes), format_size(totals.stored_bytes)));
  console.say("next: firebreak check --read-data-subset 10%");
  return losses.end();
}

}  // namespace

void add_copy(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "copy", "Copy snapshots from another repository",
      {"firebreak copy -r /mnt/offsite --from-repo /srv/backup --from-password-file ~/.secret",
       "firebreak copy -r /mnt/offsite --from-repo /srv/backup latest --host web1"},
      [options](Session& session) { return copy(session, *options); });
  command.add_option("ID", options->names,
                     "snapshots to copy; all that are missing where none is given. Of those named "
                     "here all data is read at both ends, and what is lost or damaged replaced");
  add_from_options(command, options->from);
  add_snapshot_options(command, options->filter);
  add_saving_options(command, options->saving);
}

}  // namespace firebreak
