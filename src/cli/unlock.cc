#include "cli/commands.h"
#include "cli/table.h"
#include "cli/units.h"

namespace firebreak {
namespace {

struct Options {
  bool all = false;
  bool dry_run = false;
};

void print_locks(Session& session, const std::vector<FoundLock>& locks) {
  Table table({"ID", "Kind", "Since", "User", "Host", "Process", "State"});
  for (const FoundLock& lock : locks) {
    const bool stale = is_stale(lock.info, session.clock().now(), session.identity());
    table.row({lock.id.brief(), lock.info.exclusive ? "exclusive" : "shared",
               format_time(lock.info.time), lock.info.by.username, lock.info.by.hostname,
               fmt::format("{}", lock.info.pid), stale ? "stale" : "in use"});
  }
  table.print(session.console());
}

Result<ExitCode> unlock(Session& session, const Options& options) {
  Console& console = session.console();
  const OpenedRepository opened = TRY(session.open(std::nullopt));
  Backend& backend = *opened.backend;
  const Sealer& sealer = opened.repository->sealer();
  const Result<std::vector<FoundLock>> before = list_locks(backend, sealer, session.stop());
  if (!before.ok() && !options.all) {
    return Error(before.error())
        .within(
            "nothing was removed; firebreak unlock --remove-all removes locks that cannot be "
            "read, too");
  }
  if (before.ok() && !console.is_json()) print_locks(session, *before);
  std::size_t removed = 0;
  if (!options.dry_run) {
    removed = TRY(remove_locks(backend, sealer, options.all, session.clock().now(),
                               session.identity(), session.stop()));
  }
  const std::vector<FileInfo> left = TRY(list_all(backend, FileType::Lock, session.stop()));
  if (console.is_json()) {
    console.json({{"message_type", "summary"},
                  {"dry_run", options.dry_run},
                  {"locks_removed", removed},
                  {"locks_left", left.size()}});
    return ExitCode::Success;
  }
  console.line(options.dry_run
                   ? std::string("dry run: nothing was removed")
                   : fmt::format("removed {}, {} left", counted(removed, "lock"), left.size()));
  if (!left.empty() && !options.all) {
    console.say(
        "locks in use are left; where their processes are surely gone: firebreak unlock "
        "--remove-all");
  }
  return ExitCode::Success;
}

}  // namespace

void add_unlock(Program& program) {
  const auto options = std::make_shared<Options>();  // owned by the parser and by what runs
  Command command = program.command(
      "unlock", "Remove locks that processes left behind",
      {"firebreak unlock -r /srv/backup", "firebreak unlock -r /srv/backup --remove-all"},
      [options](Session& session) { return unlock(session, *options); });
  command.add_flag("--remove-all", options->all,
                   "locks in use, too; only when nobody else works on the repository");
  command.add_flag("-n,--dry-run", options->dry_run, "list the locks, remove none");
}

}  // namespace firebreak
