// Seals standard input as a file of a repository, for tests that need what no program writes:
//
//   FIREBREAK_PASSWORD=… seal REPOSITORY < plain > sealed
#include <unistd.h>

#include "backend/local.h"
#include "base/environment.h"
#include "base/file.h"
#include "repository/key.h"

namespace firebreak {
namespace {

Result<void> seal(const std::string& repository) {
  LocalBackend backend(repository);
  const std::string password = variable(read_environment(), "FIREBREAK_PASSWORD");
  const OpenedKey key = TRY(find_key(backend, password, "", {}));
  const Bytes plain = TRY(read_file("/dev/stdin", 1 << 20));
  return write_all(STDOUT_FILENO, Sealer(key.master).seal(plain));
}

}  // namespace
}  // namespace firebreak

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const firebreak::Result<void> sealed = firebreak::seal(arguments[1]);
  if (sealed.ok()) return 0;
  const std::string line = sealed.error().message() + "\n";
  (void)firebreak::write_all(STDERR_FILENO, firebreak::as_bytes(line));
  return 1;
}
