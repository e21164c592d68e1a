// Ctrl-C: the first asks the command to stop, which leaves nothing half-written and removes its
// lock; the second ends the program at once. SIGTERM and SIGHUP count as Ctrl-C.
#pragma once

#include <memory>
#include <stop_token>
#include <thread>

#include "base/file.h"

namespace firebreak {

// One a process.
class Interrupts {
 public:
  static Result<std::unique_ptr<Interrupts>> watch();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  explicit Interrupts(Fd wake) : wake_(std::move(wake)) {}
  void listen();

  std::stop_source stop_;
  Fd wake_;
  std::jthread listener_;
};

}  // namespace firebreak
