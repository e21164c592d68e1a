// Another program whose standard output is read here.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace firebreak {

class ChildProcess {
 public:
  // Runs no shell; `words` are the program, found as a shell would, and its arguments. An error
  // names the program.
  static Result<ChildProcess> start(const std::vector<std::string>& words);
  // One that was not waited for is told to end (SIGTERM), and waited for.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  int output() const { return output_.get(); }
  // Until it ended; Invalid names the code or signal where that was no success.
  Result<void> wait();

 private:
  ChildProcess(pid_t pid, std::string name, Fd output);

  pid_t pid_;  // 0 once waited for
  std::string name_;
  Fd output_;
};

}  // namespace firebreak
