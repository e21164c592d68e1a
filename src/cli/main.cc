#include <fcntl.h>
#include <malloc.h>

#include "base/check.h"
#include "base/environment.h"
#include "cli/commands.h"

namespace firebreak {
namespace {

ExitCode run(const std::vector<std::string>& arguments) {
  Program program;
  add_backup(program);
  add_check(program);
  add_copy(program);
  add_diff(program);
  add_dump(program);
  add_find(program);
  add_forget(program);
  add_init(program);
  add_key(program);
  add_ls(program);
  add_prune(program);
  add_repair(program);
  add_repair_packs(program);
  add_restore(program);
  add_serve(program);
  add_snapshots(program);
  add_stats(program);
  add_tag(program);
  add_unlock(program);
  add_version(program);
  return program.run(arguments, read_environment(), system_clock());
}

// Where a standard stream was closed, the next file opened would take its number and get what is
// printed. What takes it instead cannot be used, so that nothing lost passes for read or written.
// It runs before the initialisers of libraries, of which gRPC's opens a file.
void occupy_standard_streams() {
  for (const int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    CHECK(::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) == fd);
  }
}

[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kBeforeLibraries)() = occupy_standard_streams;

// Pack buffers are 16 MiB and more. The allocator would raise its threshold to their size when the
// first is freed, and from then on keep such pieces in its arenas, apart and never given back.
void give_back_large_blocks() {
  CHECK(::mallopt(M_MMAP_THRESHOLD, 4 << 20) == 1);
}

}  // namespace
}  // namespace firebreak

int main(int count, char** arguments) {
  firebreak::give_back_large_blocks();
  return static_cast<int>(firebreak::run({arguments + (count > 0 ? 1 : 0), arguments + count}));
}
