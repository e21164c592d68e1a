// What is in the place of an entry that is to be restored: it stays, or it goes.
#pragma once

#include "snapshot/restore.h"
#include "snapshot/target_folder.h"

namespace firebreak {

enum class Room {
  Kept,      // what is there stays
  Occupied,  // what is there makes room by a rename, when the entry is whole
  Free,      // nothing is there
};

// Of anything but a folder. Kept: with the snapshot's metadata where it is the snapshot's file. A
// folder goes at once, because no rename can put a file in its place.
Result<Room> make_room(const TargetFolder& target, const std::string& below, const Node& node,
                       const RestoreOptions& options);

}  // namespace firebreak
