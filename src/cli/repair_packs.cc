#include "repository/repair_packs.h"

#include <set>

#include "cli/commands.h"
#include "cli/counted_progress.h"
#include "cli/finding.h"
#include "cli/from_options.h"
#include "cli/units.h"
#include "repository/out_of_place.h"

namespace firebreak {
namespace {

struct Options {
  std::vector<std::string> packs;
  RepositoryOptions from;
  RepairPacksOptions repair;
  bool dry_run = false;
};

struct Damaged {
  std::vector<PackId> packs;
  std::size_t unknown = 0;  // damaged, and in no index: nothing can be taken out of them
};

// Those named, or those that reading every byte finds damaged or missing.
Result<Damaged> find_damaged(Session& session, Repository& repository,
                             const std::vector<std::string>& named) {
  Damaged found;
  for (const std::string& text : named) {
    found.packs.push_back(TRY(PackId::parse(text).context("pack \"{}\"", text)));
  }
  if (!found.packs.empty()) return found;
  TRY(repository.load_index(OnBroken::Fail, session.stop()).context("nothing was changed"));
  TRY(refuse_misplaced_packs(repository, session.stop()));  // before the reading
  session.console().say("reading every pack to find the damaged ones");
  std::set<PackId> damaged;
  std::size_t unread = 0;
  std::optional<std::string> out_of_place;
  Progress progress;
  const CountedProgress shown(session, progress, "check", "packs");
  const auto note = [&](const Finding& finding) {
    if (is_hint(finding.kind) || !finding.pack) return;
    tell(session.console(), finding);
    const bool is_there = finding.kind == FindingKind::PackMisplaced;
    if (is_there && !out_of_place) out_of_place = finding.message;
    if (finding.kind == FindingKind::Unchecked) {
      ++unread;
    } else {
      damaged.insert(*finding.pack);
    }
  };
  TRY(check(repository, BlobSet(repository.index().tables()), {ReadAllPacks{}, 0}, note, progress,
            session.stop()));
  if (out_of_place) return error(Code::Corrupt, "nothing was changed: {}", *out_of_place);
  if (unread > 0) {
    return error(Code::Io,
                 "nothing was changed: {} could not be read, which says nothing of what is in "
                 "them; mend the way to them (who may read the files, the network), or name the "
                 "packs to replace",
                 counted(unread, "pack"));
  }
  const PackTable indexed(repository.index().tables());
  for (const PackId& id : damaged) {
    if (indexed.find(id)) {
      found.packs.push_back(id);
    } else {
      ++found.unknown;
    }
  }
  return found;
}

void print(Console& console, const RepairPacksSummary& summary) {
  if (console.is_json()) {
    console.json({{"message_type", "summary"},
                  {"packs_replaced", summary.packs_replaced},
                  {"packs_kept", summary.packs_kept},
                  {"blobs_salvaged", summary.blobs_salvaged},
                  {"blobs_recovered", summary.blobs_recovered},
                  {"blobs_lost", summary.blobs_lost}});
    return;
  }
  console.line(
      fmt::format("replaced {}; blobs stored anew: {} from damaged packs, {} from "
                  "the other repository; lost: {}",
                  counted(summary.packs_replaced, "pack"), summary.blobs_salvaged,
                  summary.blobs_recovered, summary.blobs_lost));
  if (summary.packs_kept > 0) {
    console.say(fmt::format(
        "left {}, because part of that is nowhere else: give --from-repo OTHER, or take the loss "
        "with --give-up-lost and then firebreak repair snapshots",
        counted(summary.packs_kept, "pack")));
  } else {
    console.say(summary.blobs_lost == 0 ? "next: firebreak check --read-data"
                                        : "next: firebreak repair snapshots --dry-run");
  }
}

Result<ExitCode> repair(Session& session, const Options& options) {
  Console& console = session.console();
  const OpenedRepository opened = TRY(session.open_to_change(LockKind::Exclusive, options.dry_run));
  std::optional<OpenedRepository> from;
  if (names_from(session, options.from)) {
    from = TRY(open_from(session, options.from, LockKind::Shared));
    TRY(from->repository->load_index(OnBroken::Fail, session.stop()));
  }
  const Damaged damaged = TRY(find_damaged(session, *opened.repository, options.packs));
  if (damaged.unknown > 0) {
    console.warn(
        fmt::format("{} can be neither read nor replaced: no index says what they held; where "
                    "firebreak check misses blobs, firebreak copy --from-repo OTHER ID or backup "
                    "--force brings them back; then prune removes these packs",
                    counted(damaged.unknown, "pack")));
  }
  const ExitCode nothing_lost = damaged.unknown == 0 ? ExitCode::Success : ExitCode::Failure;
  if (options.dry_run || damaged.packs.empty()) {
    if (console.is_json()) {
      console.json({{"message_type", "summary"},
                    {"dry_run", options.dry_run},
                    {"packs_damaged", damaged.packs.size()},
                    {"packs_unknown", damaged.unknown}});
    } else if (!damaged.packs.empty()) {
      console.line("would replace " + counted(damaged.packs.size(), "pack"));
    } else {
      console.line(damaged.unknown == 0 ? "no pack is damaged" : "no pack can be replaced");
    }
    return nothing_lost;
  }
  Progress progress;
  Result<RepairPacksSummary> repaired = [&] {
    const CountedProgress shown(session, progress, "repair packs", "packs");
    return repair_packs(
        *opened.repository, damaged.packs, from ? from->repository.get() : nullptr, options.repair,
        *opened.lock, [&](const Finding& found) { tell(console, found); }, progress,
        session.stop());
  }();
  const RepairPacksSummary summary = TRY(std::move(repaired));
  print(console, summary);
  return summary.blobs_lost == 0 ? nothing_lost : ExitCode::Failure;
}

}  // namespace

void add_repair_packs(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "repair packs", "Replace damaged packs, from another repository too",
      {"firebreak repair packs -r /srv/backup --from-repo /mnt/second --from-password-file pw",
       "firebreak repair packs -r /srv/backup --dry-run"},
      [options](Session& session) { return repair(session, *options); });
  command.add_option("PACK", options->packs,
                     "packs to replace; without any, all are read and the damaged ones replaced");
  add_from_options(command, options->from);
  command.add_flag("--give-up-lost", options->repair.give_up_lost,
                   "replace packs of which part is lost, too");
  command.add_flag("-n,--dry-run", options->dry_run, "find the damaged packs, change nothing");
}

}  // namespace firebreak
