// Points as the command line names them.
#pragma once

#include "cli/reading.h"
#include "point/point.h"

namespace firebreak {

struct ChosenPoint {
  SnapshotId id;
  BlobId root;  // as load_point() takes it
  Point point;
};

// By an id, or "latest", the newest of all points; said to the user. NotFound, Invalid where the
// snapshot is none.
Result<ChosenPoint> choose_point(Session& session, const Reading& reading, const std::string& name);

// Invalid where there are points of the project from the other origin: an emulator's beside real
// ones would be restored as if they were such.
Result<void> refuse_mixing(const std::vector<FoundSnapshot>& all, const std::string& project,
                           Origin origin);

}  // namespace firebreak
