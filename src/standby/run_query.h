// Answers queries by scanning: there are no indexes. In the order of names it streams; any other
// order is sorted in memory, up to a limit beyond which it fails rather than answer in part.
#pragma once

#include <functional>

#include "standby/query.h"
#include "standby/scan.h"

namespace firebreak {

// Of what lies in one database at one time.
struct Moment {
  const Overlay& overlay;
  std::string database;
  FirestoreTime time;
};

struct QueryRun {
  std::int64_t skipped = 0;             // by the offset
  std::vector<Scan::KeyRange> scanned;  // what of the database it depends on
};

// A false answer ends the run.
using EachRecord = std::function<bool(ByteView record)>;

// RESOURCE_EXHAUSTED where sorting takes too much memory.
Answer<QueryRun> run_query(const Moment& moment, const Query& query, const EachRecord& each);

}  // namespace firebreak
