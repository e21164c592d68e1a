#include "cli/child_process.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "base/text.h"

namespace firebreak {
namespace {

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

ChildProcess::ChildProcess(pid_t pid, std::string name, Fd output)
    : pid_(pid), name_(std::move(name)), output_(std::move(output)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      name_(std::move(other.name_)),
      output_(std::move(other.output_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ == 0) return;
  (void)output_.close();
  ::kill(pid_, SIGTERM);
  (void)wait_for(pid_);
}

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::string name = printable(words.front());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error(errno, "make a pipe for", name);
  Fd reader(ends[0]);
  Fd writer(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
  // Ignored here, where write() says it; a program that inherited that would outlive its reader.
  sigset_t reset;
  ::sigemptyset(&reset);
  ::sigaddset(&reset, SIGPIPE);
  ::sigaddset(&reset, SIGXFSZ);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigdefault(&attributes, &reset);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int problem =
      ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return errno_error(problem, "run", name);
  ChildProcess child(pid, name, std::move(reader));
  TRY(writer.close());
  return child;
}

Result<void> ChildProcess::wait() {
  const int status = wait_for(std::exchange(pid_, 0));
  if (WIFSIGNALED(status)) {
    return error(Code::Invalid, "\"{}\" failed: killed by signal {}", name_, WTERMSIG(status));
  }
  if (WEXITSTATUS(status) != 0) {
    return error(Code::Invalid, "\"{}\" failed with exit code {}", name_, WEXITSTATUS(status));
  }
  return {};
}

}  // namespace firebreak
