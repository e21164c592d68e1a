// Names that a restore makes up, in the folder of the entry that they are for: of what is not whole
// yet, and of what never will be. They follow from the entry's name, so that the next restore finds
// what a killed one left, and are no longer than a name may be.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "snapshot/tree.h"

namespace firebreak {

// Names of one snapshot's folder that look made up: they belong to the snapshot. Null where there
// are none, as nearly always. Owned by the walk's folder and by its files that are not whole yet.
using TakenNames = std::shared_ptr<const std::set<std::string, std::less<>>>;

TakenNames taken_names(const Tree& tree);
bool is_taken(const TakenNames& taken, std::string_view name);

// Of each entry there are some to choose from: one may be taken, or lie in the target as a folder.
inline constexpr unsigned kTemporaryNames = 4;

// ".firebreak-", 16 hexadecimal digits of a SHA-256, ".part".
std::string temporary_name(std::string_view final_name, unsigned choice);
bool is_temporary_name(std::string_view name);

// The name with ".firebreak-damaged" behind it, or the first of its like that is not taken. A name
// too long for that is cut and told apart by its SHA-256.
std::string damaged_name(std::string_view final_name, const TakenNames& taken);

// Whether it could be any of them.
bool looks_made_up(std::string_view name);

}  // namespace firebreak
