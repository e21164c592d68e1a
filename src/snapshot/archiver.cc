#include "snapshot/archiver.h"

#include <algorithm>
#include <unistd.h>

#include "base/text.h"
#include "snapshot/tree_archiver.h"

namespace firebreak {
namespace {

// Writes the snapshot of a finished tree, unless there is a reason not to.
Result<ArchiveReport> publish(Repository& repository, RepositoryLock* lock,
                              const ArchiveOptions& options, const TreeArchiver& archiver,
                              ArchiveReport report, Clock& clock, std::stop_token stop) {
  Snapshot& snapshot = report.snapshot;
  snapshot.hostname = options.by.hostname;
  snapshot.username = options.by.username;
  snapshot.uid = getuid();
  snapshot.gid = getgid();
  snapshot.tags = options.tags;
  snapshot.excludes = options.excludes;
  snapshot.program_version = options.program_version;
  if (options.parent) snapshot.parent = options.parent->id;
  snapshot.summary->backup_end = FileTime::from(clock.now());
  archiver.summarize(*snapshot.summary);
  if (options.dry_run) return report;
  if (options.skip_if_unchanged && options.parent &&
      options.parent->snapshot.tree == snapshot.tree) {
    return report;
  }
  CHECK(lock != nullptr);
  TRY(lock->held(stop));
  report.id = TRY(save_snapshot(repository, snapshot, stop));
  return report;
}

}  // namespace

Result<ArchiveReport> archive(Repository& repository, RepositoryLock* lock,
                              const ArchiveOptions& options, ArchiveProgress& progress,
                              Clock& clock, std::stop_token stop) {
  const bool some_exist = std::ranges::any_of(options.targets, [](const std::string& target) {
    struct stat status {};
    return lstat(target.c_str(), &status) == 0;
  });
  if (!some_exist) {
    return error(Code::Invalid, "{}none of the paths to back up exists",
                 options.targets.empty() ? "" : printable(options.targets.front()) + ": ");
  }
  const PlannedEntry plan = TRY(plan_archive(options.targets));
  ArchiveReport report;
  const FileTime began = FileTime::from(clock.now());
  report.snapshot.summary.emplace().backup_start = began;
  report.snapshot.time = options.time.value_or(began);
  for (const std::string& target : options.targets) {
    report.snapshot.paths.push_back(absolute_path(target, options.working_folder));
  }
  std::ranges::sort(report.snapshot.paths);
  const auto repeated = std::unique(report.snapshot.paths.begin(), report.snapshot.paths.end());
  report.snapshot.paths.erase(repeated, report.snapshot.paths.end());

  TreeArchiver archiver(repository, options, progress, began);
  report.snapshot.tree = TRY(archiver.run(plan, stop));
  report.errors = progress.errors;
  return publish(repository, lock, options, archiver, std::move(report), clock, stop);
}

Result<ArchiveReport> archive_stream(Repository& repository, RepositoryLock* lock,
                                     const StreamSource& source, const ArchiveOptions& options,
                                     ArchiveProgress& progress, Clock& clock,
                                     std::stop_token stop) {
  const std::string& name = source.name;
  if (!is_safe_name(name)) {
    return error(Code::Invalid, "\"{}\" cannot be a file's name in a snapshot", printable(name));
  }
  ArchiveReport report;
  const FileTime began = FileTime::from(clock.now());
  report.snapshot.summary.emplace().backup_start = began;
  report.snapshot.time = options.time.value_or(began);
  report.snapshot.paths = {"/" + name};
  TreeArchiver archiver(repository, options, progress, began);
  report.snapshot.tree = TRY(archiver.run_stream(source.fd, name, stop));
  TRY(source.is_whole());
  return publish(repository, lock, options, archiver, std::move(report), clock, stop);
}

}  // namespace firebreak
