// Entries of snapshots as lists show them: a line for people, a document for programs.
#pragma once

#include "cli/json.h"
#include "cli/program.h"
#include "snapshot/node.h"

namespace firebreak {

struct ListingStyle {
  bool is_long = false;
  bool human_readable = false;
};

// -l, --long, --human-readable.
void add_listing_options(Command command, ListingStyle& style);

// The path, or mode, owner, group, size, time, path and link target; printable.
std::string entry_line(const std::string& path, const Node& node, const ListingStyle& style);

// As Go's os.FileMode prints its bits: "-rw-r--r--", "dtrwxrwxrwx", "Dcrw-------".
std::string mode_text(std::uint32_t go_mode);

}  // namespace firebreak
