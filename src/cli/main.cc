#include "base/environment.h"
#include "cli/commands.h"

int main(int count, char** arguments) {
  using namespace firebreak;
  Program program;
  add_backup(program);
  add_init(program);
  add_snapshots(program);
  add_version(program);
  const std::vector<std::string> given(arguments + (count > 0 ? 1 : 0), arguments + count);
  return static_cast<int>(program.run(given, read_environment(), system_clock()));
}
