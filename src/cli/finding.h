// Damage that is found on the way, as the commands that mend it tell of it.
#pragma once

#include "cli/console.h"
#include "repository/check.h"

namespace firebreak {

// A line of data; in JSON a document on standard error, as check does.
void tell(Console& console, const Finding& found);

}  // namespace firebreak
