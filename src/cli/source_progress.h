// What a backup of a project shows while it runs and at its end.
#pragma once

#include "cli/console.h"
#include "cli/json.h"
#include "point/backup_point.h"

namespace firebreak {

// Borrows both.
class SourceProgress {
 public:
  SourceProgress(const PointProgress& progress, Clock& clock)
      : progress_(progress), clock_(clock), began_(clock.since_boot()) {}

  Nanoseconds elapsed() const { return clock_.since_boot() - began_; }
  std::string text() const;
  Json json() const;

 private:
  double documents_per_second() const;

  const PointProgress& progress_;
  Clock& clock_;
  const Nanoseconds began_;
};

void print_summary(Console& console, const PointReport& report, const PointProgress& progress,
                   Nanoseconds took);

}  // namespace firebreak
