// What is in the place of an entry that is to be restored: it stays, or it goes.
#pragma once

#include "snapshot/restore.h"
#include "snapshot/target_folder.h"

namespace firebreak {

// Of anything but a folder. False: what is there stays, with the snapshot's metadata where it is
// the snapshot's file. Otherwise nothing is there any more, except in a dry run.
Result<bool> make_room(const TargetFolder& target, const std::string& below, const Node& node,
                       const RestoreOptions& options);

}  // namespace firebreak
