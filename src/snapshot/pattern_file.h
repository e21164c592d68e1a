// Files of patterns (--exclude-file, --include-file): one a line, comments, and environment
// variables as in a shell.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/environment.h"
#include "base/result.h"

namespace firebreak {

// $NAME and ${NAME} become the variable's value, taken as part of the pattern; $$ is a dollar; a
// dollar before anything that cannot begin a name is itself. Unlike in restic a variable that is
// not set is Invalid, and so are ${, ${} and the shell's special ones ($*, $1): as nothing at all,
// "$CACHE/*" would exclude everything.
Result<std::vector<std::string>> parse_pattern_file(ByteView file, const Environment& environment);

}  // namespace firebreak
