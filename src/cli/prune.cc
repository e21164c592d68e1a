#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/counted_progress.h"
#include "cli/prune_options.h"
#include "cli/units.h"
#include "cli/used_blobs.h"
#include "repository/blob_saver.h"

namespace firebreak {
namespace {

// Of a pack's usual size, as in restic: smaller ones are repacked by --repack-small.
constexpr std::uint64_t kSmallPack = kPackSizeDefault / 5 * 4;

Result<MaxUnused> parse_max_unused(const std::string& text) {
  if (text == "unlimited") return MaxUnused(UnusedUnlimited{});
  if (!text.ends_with('%')) {
    const std::uint64_t bytes = TRY(parse_size(text).context("--max-unused"));
    return MaxUnused(UnusedBytes{bytes});
  }
  double percent = -1;
  const char* const end = text.data() + text.size() - 1;
  const auto [at, problem] = std::from_chars(text.data(), end, percent);
  if (problem != std::errc{} || at != end || !(percent >= 0 && percent <= 100)) {
    return error(Code::Invalid, "--max-unused {}: write it like 5%, 10G or unlimited",
                 printable(text));
  }
  return MaxUnused(UnusedShare{percent});
}

std::string text_of(const PruneStats::Count& count, std::string_view things) {
  return fmt::format("{} {}, {}", count.count, things, format_size(count.bytes));
}

Json json_of(const PruneStats::Count& count) {
  return {{"count", count.count}, {"bytes", count.bytes}};
}

bool has_work(const PruneStats& stats) {
  return stats.packs_repacked.count + stats.packs_removed.count + stats.packs_unreferenced.count +
             stats.packs_forgotten >
         0;
}

// Stored bytes that are given back: packs that go, less what moves to new ones.
std::uint64_t freed_bytes(const PruneStats& stats) {
  const std::uint64_t gone =
      stats.packs_removed.bytes + stats.packs_unreferenced.bytes + stats.packs_repacked.bytes;
  return gone - std::min(gone, stats.blobs_moved.bytes);
}

void print_plan(Console& console, const PruneStats& stats) {
  if (console.is_json()) return;
  console.line(fmt::format("used:         {}", text_of(stats.blobs_used, "blobs")));
  console.line(fmt::format("unused:       {}", text_of(stats.blobs_unused, "blobs")));
  console.line(fmt::format("duplicate:    {}", text_of(stats.blobs_duplicate, "blobs")));
  console.line(fmt::format("keep:         {}", text_of(stats.packs_kept, "packs")));
  console.line(fmt::format("repack:       {}", text_of(stats.packs_repacked, "packs")));
  console.line(fmt::format("remove:       {}", text_of(stats.packs_removed, "packs")));
  console.line(fmt::format("unreferenced: {}", text_of(stats.packs_unreferenced, "packs")));
  if (stats.packs_forgotten > 0) {
    console.line(fmt::format("forget:       {} packs that do not exist", stats.packs_forgotten));
  }
  console.line(fmt::format("this frees {}; {} of unused data stay", format_size(freed_bytes(stats)),
                           format_size(stats.unused_bytes_after)));
}

Json summary_of(const PruneStats& stats, bool dry_run) {
  return {{"message_type", "summary"},
          {"dry_run", dry_run},
          {"blobs_used", json_of(stats.blobs_used)},
          {"blobs_unused", json_of(stats.blobs_unused)},
          {"blobs_duplicate", json_of(stats.blobs_duplicate)},
          {"blobs_moved", json_of(stats.blobs_moved)},
          {"packs_kept", json_of(stats.packs_kept)},
          {"packs_repacked", json_of(stats.packs_repacked)},
          {"packs_removed", json_of(stats.packs_removed)},
          {"packs_unreferenced", json_of(stats.packs_unreferenced)},
          {"packs_forgotten", stats.packs_forgotten},
          {"bytes_freed", freed_bytes(stats)},
          {"unused_bytes_after", stats.unused_bytes_after}};
}

struct Options {
  PruneFlags flags;
  bool may_remove_all = false;
  bool dry_run = false;
};

Result<ExitCode> prune(Session& session, const Options& options) {
  PruneOptions pruning = TRY(prune_options_of(options.flags));
  pruning.may_remove_all = options.may_remove_all;
  OpenedRepository opened = TRY(session.open_to_change(LockKind::Exclusive, options.dry_run));
  TRY(prune_repository(session, opened, pruning, options.dry_run,
                       [](const SnapshotId&) { return false; }));
  return ExitCode::Success;
}

}  // namespace

void add_prune_options(Command command, PruneFlags& flags) {
  command
      .add_option("--max-unused", flags.max_unused,
                  "unused data that may stay: a share, a size or unlimited")
      .capture_default_str();
  command.add_option("--max-repack-size", flags.max_repack_size,
                     "read so much at most to write it anew, like 20G");
  command.add_flag("--repack-small", flags.repack_small,
                   "write packs smaller than 80 % of the usual size anew");
  command.add_option("--repack-smaller-than", flags.repack_smaller_than,
                     "write packs smaller than this anew, like 8M");
  command.add_flag("--repack-cacheable-only", flags.repack_cacheable_only,
                   "write packs of trees anew only");
  command.add_flag("--repack-uncompressed", flags.repack_uncompressed,
                   "write packs with uncompressed blobs anew");
}

Result<PruneOptions> prune_options_of(const PruneFlags& flags) {
  PruneOptions options;
  options.max_unused = TRY(parse_max_unused(flags.max_unused));
  if (!flags.max_repack_size.empty()) {
    options.max_repack_bytes = TRY(parse_size(flags.max_repack_size).context("--max-repack-size"));
  }
  if (!flags.repack_smaller_than.empty()) {
    if (flags.repack_small) {
      return error(Code::Invalid, "--repack-small or --repack-smaller-than, not both");
    }
    options.repack_smaller_than =
        TRY(parse_size(flags.repack_smaller_than).context("--repack-smaller-than"));
  }
  if (flags.repack_small) options.repack_smaller_than = kSmallPack;
  options.repack_cacheable_only = flags.repack_cacheable_only;
  options.repack_uncompressed = flags.repack_uncompressed;
  return options;
}

Result<void> prune_repository(Session& session, OpenedRepository& opened,
                              const PruneOptions& options, bool dry_run,
                              const std::function<bool(const SnapshotId&)>& forgotten) {
  Repository& repository = *opened.repository;
  if (options.repack_uncompressed && repository.version() < 2) {
    return error(Code::Invalid, "--repack-uncompressed: repositories of version 1 do not compress");
  }
  const FindUsed find_used = [&](std::stop_token stop) -> Result<BlobSet> {
    std::vector<FoundSnapshot> snapshots = TRY(load_snapshots(repository, stop));
    std::erase_if(snapshots, [&](const FoundSnapshot& found) { return forgotten(found.id); });
    return used_blobs(session, repository, snapshots,
                      [](const std::string& path, const Error& problem) -> Result<void> {
                        return Error(problem).within(path);
                      });
  };
  Console& console = session.console();
  const PrunePlan plan = TRY(plan_prune(repository, find_used, options, session.stop())
                                 .context("nothing was pruned (firebreak check tells why)"));
  print_plan(console, plan.stats);
  const bool needed = has_work(plan.stats);
  if (needed && !dry_run) {
    Progress progress;
    const CountedProgress shown(session, progress, "prune", "packs");
    TRY(execute_prune(repository, plan, *opened.lock, progress, session.stop()));
  }
  if (console.is_json()) {
    console.json(summary_of(plan.stats, dry_run));
  } else if (dry_run) {
    console.line("dry run: nothing was changed");
  } else if (!needed) {
    console.line("nothing to prune");
  } else {
    console.line(fmt::format("pruned: {} freed", format_size(freed_bytes(plan.stats))));
    console.say("next: firebreak check");
  }
  return {};
}

void add_prune(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command =
      program.command("prune", "Give back the space of data that no snapshot uses",
                      {"firebreak prune -r /srv/backup --dry-run",
                       "firebreak prune -r /srv/backup --max-unused 10% --max-repack-size 50G"},
                      [options](Session& session) { return prune(session, *options); });
  command.add_flag("-n,--dry-run", options->dry_run, "print the plan, change nothing");
  command.add_flag("--unsafe-allow-remove-all", options->may_remove_all,
                   "let it remove everything where no snapshot is left");
  add_prune_options(command, options->flags);
}

}  // namespace firebreak
