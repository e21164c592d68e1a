// How commands reach a bucket.
#pragma once

#include "cli/session.h"
#include "storage/storage_client.h"

namespace firebreak {

// To the emulator that STORAGE_EMULATOR_HOST names, else to Google with application default
// credentials. With --retry-for and --cacert; waits are said to the user.
Result<StorageClient::Options> connect_to_bucket(Session& session);

// "gs://BUCKET". Invalid for anything else.
Result<std::string> parse_bucket_url(const std::string& url);

}  // namespace firebreak
