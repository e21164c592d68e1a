// Every entry but a folder is made under a temporary name in its folder and renamed when it is
// whole. So nobody takes a half for the whole, whatever stops a restore, and what was in its place
// stays until then.
//
// A rename is by name: whoever else may write to the folder can put something else under the
// temporary name after the last look at it, which then gets the final name. He could have put it
// there himself; nothing outside the folder is touched.
#pragma once

#include <functional>
#include <string>

#include "snapshot/node.h"
#include "snapshot/target_folder.h"
#include "snapshot/temporary_name.h"

namespace firebreak {

// Where an entry goes.
struct Placing {
  std::string below;      // its path in the target
  bool replaces = false;  // what is there; otherwise nothing may be there
  TakenNames taken;       // in its folder
};

// Calls `make` with a temporary name in the open folder; false stands for errno. What a killed
// restore left under the name goes first. A folder, which no restore makes there, stays, and the
// next name is tried. Ends with the name.
Result<std::string> make_temporary(const TargetFolder& target, int folder, const Placing& placing,
                                   const std::function<bool(const std::string& name)>& make);

// Conflict where something is there that may not be replaced.
Result<void> give_final_name(const TargetFolder& target, int folder, const std::string& temporary,
                             const Placing& placing);

// A symbolic link, a pipe, a socket or a device, with its metadata.
Result<void> place_special(const TargetFolder& target, const Placing& placing, const Node& node);

// Another name of the file at the path `first`.
Result<void> place_link(const TargetFolder& target, const std::string& first,
                        const Placing& placing);

}  // namespace firebreak
