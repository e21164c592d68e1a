// Every command declares itself to the program; each has a file of its name.
#pragma once

#include "cli/program.h"

namespace firebreak {

void add_backup(Program& program);
void add_check(Program& program);
void add_copy(Program& program);
void add_diff(Program& program);
void add_dump(Program& program);
void add_find(Program& program);
void add_forget(Program& program);
void add_init(Program& program);
void add_key(Program& program);
void add_ls(Program& program);
void add_prune(Program& program);
void add_repair(Program& program);
void add_repair_packs(Program& program);  // after add_repair()
void add_restore(Program& program);
void add_serve(Program& program);
void add_snapshots(Program& program);
void add_stats(Program& program);
void add_tag(Program& program);
void add_unlock(Program& program);
void add_version(Program& program);

}  // namespace firebreak
