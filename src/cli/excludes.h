// What a backup leaves out.
#pragma once

#include <functional>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "cli/program.h"

namespace firebreak {

struct ExcludeOptions {
  std::vector<std::string> patterns;
  std::vector<std::string> patterns_any_case;
  std::vector<std::string> files;
  std::vector<std::string> files_any_case;
  std::vector<std::string> if_present;
  bool caches = false;
  std::string larger_than;

  bool operator==(const ExcludeOptions&) const = default;
};

// --exclude, --iexclude, --exclude-file, --iexclude-file, --exclude-if-present, --exclude-caches,
// --exclude-larger-than.
void add_exclude_options(Command command, ExcludeOptions& options);

// Appends the patterns of files, read as parse_pattern_file() says.
Result<void> add_pattern_files(const std::vector<std::string>& files,
                               const Environment& environment, std::vector<std::string>& patterns);

// Every pattern, those of files included, for the record in the snapshot.
struct Excludes {
  std::vector<std::string> patterns;
  // False for what is left out; empty where nothing is. Thread-safe. `path` as archive() gives it.
  std::function<bool(const std::string& path, const struct stat& status)> select;
};

// Reads the files; Invalid for patterns that cannot match. Folders whose tag file cannot be read
// are warned about and backed up.
Result<Excludes> read_excludes(const ExcludeOptions& options, const std::string& working_folder,
                               Session& session);

}  // namespace firebreak
