// How the program ends: restic's codes of 0.17 and later. Our own would begin at 20.
#pragma once

namespace firebreak {

enum class ExitCode : int {
  Success = 0,
  Failure = 1,
  Incomplete = 3,  // a source was not readable, or a snapshot was not removed
  NoRepository = 10,
  Locked = 11,  // somebody else holds a lock that is in the way
  WrongPassword = 12,
  Interrupted = 130,
};

}  // namespace firebreak
