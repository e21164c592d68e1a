// Which entries of a snapshot a restore is about.
#pragma once

#include "cli/program.h"
#include "snapshot/restore.h"

namespace firebreak {

struct SelectionOptions {
  std::vector<std::string> includes;
  std::vector<std::string> includes_any_case;
  std::vector<std::string> include_files;
  std::vector<std::string> include_files_any_case;
  std::vector<std::string> excludes;
  std::vector<std::string> excludes_any_case;
  std::vector<std::string> exclude_files;
  std::vector<std::string> exclude_files_any_case;

  bool operator==(const SelectionOptions&) const = default;
};

// --include, --iinclude, --include-file, --iinclude-file, and the same with --exclude.
void add_selection_options(Command command, SelectionOptions& options);

// For RestoreOptions; empty where everything is meant. Invalid for patterns that cannot match and
// for includes and excludes together, whose order nobody could guess.
using Select = std::function<Selection(const std::string& path, const Node& node)>;
Result<Select> read_selection(const SelectionOptions& options, const Environment& environment);

}  // namespace firebreak
