// Shows how far a job is that counts in a Progress, until it goes out of scope.
#pragma once

#include "base/progress.h"
#include "cli/session.h"

namespace firebreak {

class CountedProgress {
 public:
  // `action` names the job in JSON ("check"), `things` what it counts ("packs read").
  CountedProgress(const Session& session, const Progress& progress, std::string action,
                  std::string things);

 private:
  ProgressDisplay display_;
};

}  // namespace firebreak
