// What a backup is asked to do: its options, and what files of paths and patterns add to them.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/database_connection.h"
#include "cli/excludes.h"
#include "cli/saving_options.h"
#include "cli/session.h"
#include "snapshot/archiver.h"

namespace firebreak {

struct BackupOptions {
  std::vector<std::string> targets;
  std::vector<std::string> files_from;
  std::vector<std::string> files_from_verbatim;
  std::vector<std::string> files_from_raw;
  ExcludeOptions excludes;
  SavingOptions saving;
  std::vector<std::string> tags;
  std::string host;
  std::string time;
  std::string parent;
  std::string group_by = "host,paths";
  std::string stdin_filename = "stdin";
  bool from_stdin = false;
  bool from_command = false;  // which `targets` are the words of
  bool force = false;
  bool dry_run = false;
  bool one_file_system = false;
  bool with_access_time = false;
  bool ignore_changed_time = false;
  bool ignore_inode = false;
  bool skip_if_unchanged = false;
  // Of projects.
  std::string project;
  bool live_only = false;
  std::uint64_t reads_max = 0;
  unsigned readers = 4;
  ConnectionOptions connection;

  bool operator==(const BackupOptions&) const = default;
};

void add_backup_options(Command command, BackupOptions& options);

// What a backup is asked to do, read from options and files before anything is opened.
struct BackupRequest {
  ArchiveOptions archive;
  std::uint64_t missing = 0;  // of what lists of files name
};

// Reads files and the environment; Invalid where options contradict each other, or name nothing.
Result<BackupRequest> read_backup_request(const BackupOptions& options, Session& session);

}  // namespace firebreak
