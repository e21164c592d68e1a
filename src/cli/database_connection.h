// How commands reach a database.
#pragma once

#include "cli/session.h"
#include "firestore/firestore_client.h"

namespace firebreak {

// By the environment, with --retry-for; waits are said to the user.
Result<FirestoreClient::Options> connection_options(Session& session);

}  // namespace firebreak
