// How commands reach the configuration of a project.
#pragma once

#include "cli/session.h"
#include "config/config_client.h"

namespace firebreak {

// To the stand-in that FIREBREAK_CONFIG_EMULATOR_HOST names, because Google has no emulator of
// these; else to Google with application default credentials. With --retry-for and --cacert.
Result<ConfigClient::Options> connect_to_config(Session& session);

// "config://PROJECT". Invalid for anything else.
Result<std::string> parse_config_url(const std::string& url);

}  // namespace firebreak
