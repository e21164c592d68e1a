// How commands reach Google's services, or their emulators.
#pragma once

#include "cli/session.h"
#include "net/google_service.h"

namespace firebreak {

// By --retry-for; waits are said to the user.
Result<RetryPolicy> retries_of(Session& session);

// To the emulator that the variable `emulator` names, else to `endpoint` with application default
// credentials for `scope`. With --retry-for and --cacert.
Result<GoogleService::Options> connect_to_google(Session& session, const char* endpoint,
                                                 const char* emulator, std::string_view scope);

}  // namespace firebreak
