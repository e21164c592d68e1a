// `firebreak diff` of two points: documents instead of files.
#pragma once

#include "cli/reading.h"
#include "point/point.h"

namespace firebreak {

Result<ExitCode> diff_points(Session& session, const Reading& reading, const Point& before,
                             const Point& after, bool with_times);

}  // namespace firebreak
