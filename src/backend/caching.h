// Keeps snapshot and index files in a folder of this machine, because every command reads all of
// them. A file is believed only where its bytes hash to its name; anything else in the folder is
// dropped and loaded afresh. What exists is asked of the repository alone: stat, list and remove
// never look here. A folder that cannot be read or written (full, read-only) costs time and
// nothing else. Entries that a complete listing no longer names are dropped. Thread-safe, and any
// number of processes may share the folder.
#pragma once

#include "backend/backend.h"

namespace firebreak {

// `folder` belongs to one repository; it is made when the first file is kept.
std::unique_ptr<Backend> caching(std::unique_ptr<Backend> inner, std::string folder);

}  // namespace firebreak
