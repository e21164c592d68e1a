// All of a project's configuration as one JSON document (docs/formats/config.md).
#pragma once

#include "config/config_client.h"

namespace firebreak {

// As it was at one time: read until two readings are equal. Unavailable where it changes faster
// than that; the client's errors.
Result<nlohmann::json> describe_config(ConfigClient& client, std::stop_token stop);

}  // namespace firebreak
