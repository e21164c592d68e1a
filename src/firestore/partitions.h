// Cuts a database into parts of about equal size that can be read side by side.
#pragma once

#include <vector>

#include "firestore/document_reader.h"

namespace firebreak {

// At most `count` ranges, one behind the other, that hold every document; one where the database is
// small; one a root collection where the service does not partition. In the order of names.
Result<std::vector<PathRange>> partition_database(FirestoreClient& client, std::size_t count,
                                                  FirestoreTime at, std::stop_token stop);

}  // namespace firebreak
