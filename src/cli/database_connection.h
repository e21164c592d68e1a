// How commands reach a database.
#pragma once

#include "cli/command.h"
#include "cli/session.h"
#include "firestore/firestore_client.h"

namespace firebreak {

struct ConnectionOptions {
  std::string address;

  bool operator==(const ConnectionOptions&) const = default;
};

// --firestore-endpoint.
void add_connection_options(Command command, ConnectionOptions& options, const std::string& group);

// To the emulator that FIRESTORE_EMULATOR_HOST names, else to Google with application default
// credentials. With --retry-for and --cacert; waits are said to the user.
Result<FirestoreClient::Options> connect_to_database(Session& session,
                                                     const ConnectionOptions& options);

}  // namespace firebreak
