// Lists of what to back up, kept in files.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// --files-from: one pattern a line, for expand_path(), with comments.
Result<std::vector<std::string>> parse_files_from(ByteView file);
// --files-from-verbatim: one path a line, nothing but empty lines left out.
Result<std::vector<std::string>> parse_files_from_verbatim(ByteView file);
// --files-from-raw: each path ended by a zero byte, as `find -print0` prints them. Invalid for an
// empty path and for a last one that is not ended: the list was cut off.
Result<std::vector<std::string>> parse_files_from_raw(ByteView file);

struct ExpandedPath {
  std::vector<std::string> paths;  // of each folder in the order of names; none: no match
  std::vector<Error> unreadable;   // folders in which something may have matched
};

// The paths that exist and match, name by name ('**' is '*'; names with a leading dot match too).
// A pattern without wildcards is looked up. Symbolic links are followed on the way, not at the end.
// Invalid for a bad pattern.
Result<ExpandedPath> expand_path(const std::string& pattern);

}  // namespace firebreak
