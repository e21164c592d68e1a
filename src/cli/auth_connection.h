// How commands reach the users of a project.
#pragma once

#include "auth/auth_client.h"
#include "cli/session.h"

namespace firebreak {

// To the emulator that FIREBASE_AUTH_EMULATOR_HOST names, else to Google with application default
// credentials. With --retry-for and --cacert; waits are said to the user.
Result<AuthClient::Options> connect_to_users(Session& session);

// "auth://PROJECT". Invalid for anything else.
Result<std::string> parse_users_url(const std::string& url);

}  // namespace firebreak
