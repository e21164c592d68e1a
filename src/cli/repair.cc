#include "snapshot/repair.h"

#include <atomic>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/counted_progress.h"
#include "cli/finding.h"
#include "cli/saving_options.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"
#include "repository/out_of_place.h"
#include "repository/pack_check.h"
#include "repository/pack_table.h"
#include "repository/repair_index.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

struct SnapshotsOptions {
  std::vector<std::string> names;
  SnapshotOptions filter;
  bool forget = false;
  bool dry_run = false;
};

Result<ExitCode> repair_index(Session& session, const RepairIndexOptions& options) {
  Console& console = session.console();
  const OpenedRepository opened = TRY(session.open_to_change(LockKind::Exclusive, false));
  std::uint64_t errors = 0;
  Progress progress;
  Result<RepairIndexSummary> repaired = [&] {
    const CountedProgress shown(session, progress, "repair index", "packs");
    return firebreak::repair_index(
        *opened.repository, options, *opened.lock,
        [&](const Finding& found) {
          if (!is_hint(found.kind)) ++errors;
          tell(console, found);
        },
        progress, session.stop());
  }();
  const RepairIndexSummary summary = TRY(std::move(repaired));
  if (console.is_json()) {
    console.json({{"message_type", "summary"},
                  {"packs_read", summary.packs_read},
                  {"packs_added", summary.packs_added},
                  {"packs_dropped", summary.packs_dropped},
                  {"index_files_written", summary.files_written},
                  {"index_files_removed", summary.files_removed},
                  {"num_errors", errors}});
  } else {
    console.line(fmt::format("read {}: added {}, dropped {}; wrote {}, removed {}",
                             counted(summary.packs_read, "pack"), summary.packs_added,
                             summary.packs_dropped, counted(summary.files_written, "index file"),
                             summary.files_removed));
    console.say("next: firebreak check");
  }
  if (errors == 0) return ExitCode::Success;
  console.warn(
      fmt::format("{} not mended; what can still be read in them comes out by firebreak repair "
                  "packs",
                  counted(errors, "pack")));
  return ExitCode::Failure;
}

// What became of the snapshots.
struct Repairs {
  std::size_t sound = 0;
  std::size_t remade = 0;  // empty folders of them, whose trees are stored anew
  std::size_t changed = 0;
  std::size_t lost = 0;  // nothing of them is left
};

class SnapshotRepairs {
 public:
  SnapshotRepairs(Session& session, OpenedRepository& opened, const SnapshotsOptions& options)
      : session_(session), opened_(opened), options_(options) {}

  // Makes the trees first: a snapshot may only name what is durable.
  Result<Repairs> run(const std::vector<FoundSnapshot>& chosen) {
    BlobSaver::Options saving;
    saving.dry_run = options_.dry_run;
    saving.verify_present = true;  // a tree made anew may be that of a damaged one
    BlobSaver saver(*opened_.repository, saving, session_.stop());
    SnapshotRepairer repairer(
        *opened_.repository, saver,
        [&](const std::string& path, const std::string& loss) { tell_loss(path, loss); });
    std::vector<std::pair<const FoundSnapshot*, std::optional<BlobId>>> results;
    for (const FoundSnapshot& found : chosen) {
      about_ = &found;
      const Result<Tree> root =
          load_tree(*opened_.repository, found.snapshot.tree, session_.stop());
      if (!root.ok() && is_damage(root.error())) {
        tell_loss("/", "nothing of it is left");
        results.emplace_back(&found, std::nullopt);
        continue;
      }
      const BlobId tree = TRY(repairer.repair(found.snapshot.tree, session_.stop()));
      results.emplace_back(&found, tree);
    }
    TRY(saver.finish());
    Repairs repairs;
    repairs.remade = repairer.remade();
    for (const auto& [found, tree] : results) TRY(replace(*found, tree, repairs));
    return repairs;
  }

 private:
  void tell_loss(const std::string& path, const std::string& loss) {
    Console& console = session_.console();
    if (console.is_json()) {
      console.json({{"message_type", "lost"},
                    {"snapshot_id", about_->id.hex()},
                    {"path", path},
                    {"message", loss}});
    } else {
      console.line(fmt::format("snapshot {}: {}: {}", about_->id.brief(), printable(path), loss));
    }
  }

  Result<void> replace(const FoundSnapshot& found, const std::optional<BlobId>& tree,
                       Repairs& repairs) {
    if (tree == found.snapshot.tree) {
      ++repairs.sound;
      return {};
    }
    ++(tree ? repairs.changed : repairs.lost);
    if (options_.dry_run) return {};
    if (!tree) {
      if (!options_.forget) return {};
      return remove_snapshots(*opened_.repository, *opened_.lock, {found.id}, session_.stop());
    }
    Snapshot changed = found.snapshot;
    changed.tree = *tree;
    changed.summary.reset();  // its counts are no longer true
    SnapshotId id;
    if (options_.forget) {
      id = TRY(replace_snapshot(*opened_.repository, *opened_.lock, found, std::move(changed),
                                session_.stop()));
    } else {
      changed.original = found.snapshot.original.value_or(found.id);
      changed.tags.push_back("repaired");
      TRY(opened_.lock->held(session_.stop()));
      id = TRY(save_snapshot(*opened_.repository, changed, session_.stop()));
    }
    Console& console = session_.console();
    if (console.is_json()) {
      console.json({{"message_type", "changed"},
                    {"old_snapshot_id", found.id.hex()},
                    {"new_snapshot_id", id.hex()}});
    } else {
      console.line(fmt::format("snapshot {} repaired, saved as {}", found.id.brief(), id.brief()));
    }
    return {};
  }

  Session& session_;
  OpenedRepository& opened_;
  const SnapshotsOptions& options_;
  const FoundSnapshot* about_ = nullptr;
};

Result<std::size_t> count_readable_unnamed_packs(const Repository& repository,
                                                 std::stop_token stop) {
  const PackTable packs(repository.index().tables());
  std::size_t count = 0;
  for (const ListedPack& listed : TRY(list_packs(repository.backend(), stop))) {
    if (packs.find(listed.id)) continue;
    const Result<std::vector<PackEntry>> header =
        load_pack_header(repository, listed.id, listed.size, stop);
    // What is damaged tells nothing; what cannot be read just now may.
    if (!failed_with(header, Code::Corrupt)) ++count;
  }
  return count;
}

Result<void> refuse_wrong_index(Session& session, Repository& repository) {
  // By a wrong index sound data would be given up.
  TRY(repository.load_index(OnBroken::Fail, session.stop()).context("nothing was changed"));
  TRY(refuse_misplaced_packs(repository, session.stop()));
  const std::size_t unnamed = TRY(count_readable_unnamed_packs(repository, session.stop()));
  if (unnamed > 0) {
    return error(Code::Corrupt,
                 "nothing was changed: no index names {}, which may hold what is missing; first "
                 "run firebreak repair index",
                 counted(unnamed, "pack"));
  }
  const std::size_t wrong = TRY(repository.distrust_unlisted_packs(session.stop()));
  if (wrong == 0) return {};
  return error(Code::Corrupt,
               "nothing was changed: {} of the index missing or of a wrong size; first run "
               "firebreak repair packs, or where they are gone for good, firebreak repair index",
               counted(wrong, "pack"));
}

Result<ExitCode> repair_snapshots(Session& session, const SnapshotsOptions& options) {
  Console& console = session.console();
  OpenedRepository opened = TRY(session.open_to_change(LockKind::Exclusive, options.dry_run));
  std::atomic<std::size_t> unreadable = 0;
  const std::vector<FoundSnapshot> all = TRY(load_snapshots(
      *opened.repository,
      [&](const std::string& id, const Error& problem) -> Result<void> {
        ++unreadable;
        console.warn(fmt::format("{}; if it is lost for good, run firebreak forget {}",
                                 problem.message(), id.substr(0, 8)));
        return {};
      },
      session.stop()));
  TRY(refuse_wrong_index(session, *opened.repository));
  const std::vector<FoundSnapshot> chosen =
      TRY(choose_snapshots(all, options.names, filter_of(options.filter)));
  console.say("looking at " + counted(chosen.size(), "snapshot"));
  const Repairs repairs = TRY(SnapshotRepairs(session, opened, options).run(chosen));
  if (console.is_json()) {
    console.json({{"message_type", "summary"},
                  {"dry_run", options.dry_run},
                  {"sound_snapshots", repairs.sound},
                  {"remade_folders", repairs.remade},
                  {"changed_snapshots", repairs.changed},
                  {"lost_snapshots", repairs.lost},
                  {"unreadable_snapshots", unreadable.load()}});
  } else {
    console.line(fmt::format("{}{} sound, {} with losses, {} of which nothing is left",
                             options.dry_run ? "dry run, nothing was changed: " : "", repairs.sound,
                             repairs.changed, repairs.lost));
    if (repairs.remade > 0) {
      console.line(fmt::format("{}, of which nothing is lost: {}",
                               counted(repairs.remade, "empty folder"),
                               options.dry_run ? "to be stored anew" : "stored anew"));
    }
    if (repairs.changed + repairs.lost == 0 && repairs.remade > 0 && options.dry_run) {
      console.say("next: firebreak repair snapshots");
    } else if (repairs.changed + repairs.lost == 0) {
      console.say("the trees were read, and not the data; next: firebreak check --read-data");
    } else if (options.dry_run) {
      console.say("next: firebreak repair snapshots --forget (what is lost then is lost)");
    } else if (options.forget) {
      console.say("next: firebreak check, then firebreak backup of the files that were lost");
    } else {
      console.say(
          "the damaged ones are still there; look at those tagged repaired, then: firebreak repair "
          "snapshots --forget");
    }
  }
  const bool is_left = repairs.lost > 0 && !options.forget;
  return unreadable > 0 || (is_left && !options.dry_run) ? ExitCode::Incomplete : ExitCode::Success;
}

}  // namespace

void add_repair(Program& program) {
  program.command("repair", "Mend what check found", {}, nullptr);
  const auto index = std::make_shared<RepairIndexOptions>();  // owned by parser and what runs
  Command index_command =
      program.command("repair index", "Make the index say what the packs hold",
                      {"firebreak repair index -r /srv/backup"},
                      [index](Session& session) { return repair_index(session, *index); });
  index_command.add_flag("--read-all-packs", index->read_all_packs,
                         "believe no index file, read every pack's header");
  const auto snapshots = std::make_shared<SnapshotsOptions>();
  Command snapshots_command = program.command(
      "repair snapshots", "Write snapshots anew without the data that is lost",
      {"firebreak repair snapshots -r /srv/backup --dry-run",
       "firebreak repair snapshots -r /srv/backup --forget"},
      [snapshots](Session& session) { return repair_snapshots(session, *snapshots); });
  snapshots_command.add_option("ID", snapshots->names, "snapshots to repair; all without any");
  add_snapshot_options(snapshots_command, snapshots->filter);
  snapshots_command.add_flag("--forget", snapshots->forget, "remove the damaged ones");
  snapshots_command.add_flag("-n,--dry-run", snapshots->dry_run,
                             "print what is lost, change nothing");
}

}  // namespace firebreak
