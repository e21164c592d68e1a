// Where the targets of a backup appear in its tree: absolute ones below the root, with the folders
// above them; relative ones without what leads to them ("../a/b" is a/b).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace firebreak {

struct PlannedEntry {
  std::map<std::string, PlannedEntry> children;
  std::string source;  // where the file system has it
  bool whole = false;  // a target; otherwise only the way to its children
};

// The root; it has no source, unless a target is the root or the current folder itself. Two
// sources for one name in the root: the later one gets "-1" appended, as in restic. Invalid for
// an empty path.
Result<PlannedEntry> plan_archive(const std::vector<std::string>& targets);

// As the snapshot names it: absolute, without "." and "..", symbolic links not resolved.
std::string absolute_path(const std::string& path, const std::string& working_folder);

}  // namespace firebreak
