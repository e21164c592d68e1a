// Folders that say themselves that they need no backup, by a file in them (--exclude-if-present,
// --exclude-caches; https://bford.info/cachedir/). The folder and that file are kept, all else in
// it is left out.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace firebreak {

struct TagFile {
  std::string name;
  std::string header;  // what the file must begin with; empty: anything
};

// "FILE" or "FILE:HEADER"; Invalid without a file.
Result<TagFile> parse_tag_file(std::string_view text);

// CACHEDIR.TAG with its signature.
TagFile cache_tag_file();

// Whether `folder` has the file. An error (cannot be read, Invalid for another header) is to be
// shown to the user, and the folder backed up as if it had none.
Result<bool> is_tagged(const std::string& folder, const TagFile& tag);

}  // namespace firebreak
