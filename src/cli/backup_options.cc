#include "cli/backup_options.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <unistd.h>

#include "base/file.h"
#include "cli/snapshot_options.h"
#include "cli/units.h"
#include "snapshot/files_from.h"

namespace firebreak {
namespace {

constexpr std::size_t kListFileMax = 1 << 30;

Result<std::string> working_folder() {
  std::string path(4096, '\0');
  if (::getcwd(path.data(), path.size()) == nullptr) {
    return errno_error(errno, "find", "the current folder");
  }
  path.resize(std::strlen(path.c_str()));
  return path;
}

Result<void> add_expanded(const std::string& file, BackupRequest& request, Console& console) {
  const Bytes list = TRY(read_file(file, kListFileMax).context("list of files"));
  for (const std::string& pattern : TRY(parse_files_from(list).context("{}", file))) {
    ExpandedPath found = TRY(expand_path(pattern).context("{}", file));
    for (const Error& problem : found.unreadable) {
      console.warn(problem.message(), pattern);
      ++request.missing;
    }
    if (found.paths.empty()) {
      console.warn("matches nothing", pattern);
      ++request.missing;
    }
    auto& targets = request.archive.targets;
    targets.insert(targets.end(), found.paths.begin(), found.paths.end());
  }
  return {};
}

Result<void> add_listed(const BackupOptions& options, BackupRequest& request, Console& console) {
  for (const std::string& file : options.files_from) TRY(add_expanded(file, request, console));
  const auto add = [&](const std::vector<std::string>& files, auto parse) -> Result<void> {
    for (const std::string& file : files) {
      const Bytes list = TRY(read_file(file, kListFileMax).context("list of files"));
      std::vector<std::string> paths = TRY(parse(list).context("{}", file));
      auto& targets = request.archive.targets;
      targets.insert(targets.end(), paths.begin(), paths.end());
    }
    return {};
  };
  TRY(add(options.files_from_verbatim, parse_files_from_verbatim));
  TRY(add(options.files_from_raw, parse_files_from_raw));
  return {};
}

void add_source_options(Command command, BackupOptions& options) {
  command.add_option(
      "FILE", options.targets,
      "files and folders to back up, or firebase://PROJECT, firestore://PROJECT/DATABASE, "
      "gs://BUCKET, auth://PROJECT, config://PROJECT");
  command.add_list("--files-from", options.files_from, "file of patterns, one a line");
  command.add_list("--files-from-verbatim", options.files_from_verbatim, "of paths, one a line");
  command.add_list("--files-from-raw", options.files_from_raw, "of paths, each ended by a zero");
  command.add_flag("--stdin", options.from_stdin, "back up standard input as one file");
  command.add_flag("--stdin-from-command", options.from_command,
                   "back up what a command prints, given after --; no snapshot where it fails");
  command.add_option("--stdin-filename", options.stdin_filename, "its name").capture_default_str();
  add_exclude_options(command, options.excludes);
  command.add_flag("-x,--one-file-system", options.one_file_system,
                   "do not go into other file systems");
}

void add_parent_options(Command command, BackupOptions& options) {
  command.add_option("--parent", options.parent,
                     "snapshot whose unchanged files are not read again");
  command.add_option("-g,--group-by", options.group_by, "what a parent must have in common")
      .capture_default_str();
  command.add_flag(
      "-f,--force", options.force,
      "read every file again, and what the repository has of it: damage is stored anew");
  command.add_flag("--ignore-ctime", options.ignore_changed_time, "compare size and mtime only");
  command.add_flag("--ignore-inode", options.ignore_inode, "do not compare inode numbers");
  command.add_flag("--with-atime", options.with_access_time, "store times of access");
  command.add_flag("--skip-if-unchanged", options.skip_if_unchanged,
                   "make no snapshot equal to its parent");
}

void add_project_options(Command command, BackupOptions& options) {
  const std::string group = "Options for firebase://PROJECT and its parts";
  command
      .add_option("-P,--project", options.project,
                  "project of the buckets, where no database tells it (GOOGLE_CLOUD_PROJECT)")
      .type_name("ID")
      .group(group);
  command
      .add_flag("--live-only", options.live_only,
                "accept that generations of objects that are not live are not captured")
      .group(group);
  command
      .add_option("--max-reads", options.reads_max,
                  "end without a point where a database has more documents than this")
      .type_name("N")
      .group(group);
  command
      .add_option("--readers", options.readers,
                  "parts of a database, or objects, that are read side by side")
      .type_name("N")
      .capture_default_str()
      .group(group);
  add_connection_options(command, options.connection, group);
}

}  // namespace

void add_backup_options(Command command, BackupOptions& options) {
  add_source_options(command, options);
  add_parent_options(command, options);
  command.add_list("--tag", options.tags, "tags of the snapshot, a,b; may be repeated");
  command.add_option("-H,--host", options.host, "host name in the snapshot");
  command.add_option("--time", options.time, "time of the snapshot, like 2026-11-25T02:49:59Z");
  command.add_flag("-n,--dry-run", options.dry_run, "store nothing, show what would be stored");
  add_saving_options(command, options.saving);
  add_project_options(command, options);
}

Result<BackupRequest> read_backup_request(const BackupOptions& options, Session& session) {
  BackupRequest request;
  ArchiveOptions& archive = request.archive;
  const bool for_projects = options.reads_max != 0 || options.live_only ||
                            !options.project.empty() || options.connection != ConnectionOptions{};
  if (for_projects) {
    return error(Code::Invalid,
                 "--project, --live-only, --max-reads and --firestore-endpoint go with "
                 "a Firebase project only");
  }
  const bool any_list = !options.files_from.empty() || !options.files_from_verbatim.empty() ||
                        !options.files_from_raw.empty();
  const bool any_target = any_list || !options.targets.empty();
  if (options.from_stdin && options.from_command) {
    return error(Code::Invalid, "--stdin or --stdin-from-command, not both");
  }
  if (options.from_command && options.targets.empty()) {
    return error(Code::Invalid, "--stdin-from-command: which command? Give it after --");
  }
  if ((options.from_stdin && any_target) || (options.from_command && any_list)) {
    return error(Code::Invalid, "a stream or files, not both");
  }
  if (!options.from_stdin && !any_target) {
    return error(Code::Invalid, "nothing to back up; name a file or folder, or give --stdin");
  }
  archive.working_folder = TRY(working_folder());
  if (!options.from_command) archive.targets = options.targets;
  for (const std::string& target : archive.targets) {
    if (target.empty()) {
      return error(Code::Invalid, "nothing to back up is named \"\"; is a variable unset?");
    }
  }
  TRY(add_listed(options, request, session.console()));
  if (any_list && archive.targets.empty()) {
    return error(Code::Invalid, "nothing to back up: the lists name no path that exists");
  }
  Excludes excludes = TRY(read_excludes(options.excludes, archive.working_folder, session));
  archive.excludes = std::move(excludes.patterns);
  archive.select = std::move(excludes.select);
  archive.saving = TRY(saving_of(options.saving));
  archive.saving.dry_run = options.dry_run;
  archive.saving.verify_present = options.force;
  archive.dry_run = options.dry_run;
  archive.one_file_system = options.one_file_system;
  archive.with_access_time = options.with_access_time;
  archive.ignore_changed_time = options.ignore_changed_time;
  archive.ignore_inode = options.ignore_inode;
  archive.skip_if_unchanged = options.skip_if_unchanged;
  archive.by = session.identity();
  if (!options.host.empty()) archive.by.hostname = options.host;
  for (const std::string& list : options.tags) {
    for (std::string& tag : split_tags(list)) {
      if (!tag.empty()) archive.tags.push_back(std::move(tag));
    }
  }
  if (!options.time.empty()) archive.time = TRY(parse_time(options.time).context("--time"));
  archive.program_version = "firebreak " FIREBREAK_VERSION;
  archive.workers = std::max(2U, std::thread::hardware_concurrency());
  archive.on_damaged_parent = [&session](const std::string& path, const Error& problem) {
    session.console().warn(
        fmt::format("damaged in the parent snapshot, and stored anew: {}; see firebreak check for "
                    "what else is",
                    problem.message()),
        path);
  };
  archive.on_error = [&session](const std::string& path, const Error& problem) {
    session.console().warn(problem.message(), path);
  };
  return request;
}

}  // namespace firebreak
