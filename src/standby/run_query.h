// Answers queries by scanning: there are no indexes. In the order of names it streams; any other
// order is sorted in memory, up to a limit beyond which it fails rather than answer in part.
#pragma once

#include <functional>

#include "standby/query.h"
#include "standby/scan.h"

namespace firebreak {

// Of what lies in one database at one time.
struct Moment {
  const Documents& documents;
  std::string database;
  FirestoreTime time;
};

// The documents that the query may be for. What a transaction reads is in its ranges.
Answer<Scan> begin_scan(const Moment& moment, const Query& query);

// A false answer ends the run, an error is the run's.
using EachRecord = std::function<Answer<bool>(ByteView record)>;

// Answers how many documents the offset skipped. RESOURCE_EXHAUSTED where sorting takes too much
// memory.
Answer<std::int64_t> run_query(const Moment& moment, const Query& query, Scan scan,
                               const EachRecord& each);

}  // namespace firebreak
