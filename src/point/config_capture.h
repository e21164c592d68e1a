// Captures a project's configuration into a folder (docs/formats/config.md): one document that a
// restore reads, and the rules as the files that they were deployed from.
#pragma once

#include "config/config_client.h"
#include "firestore/firestore_time.h"
#include "repository/blob_saver.h"

namespace firebreak {

constexpr std::string_view kConfigFile = "config.json";

struct CapturedConfig {
  BlobId folder;
  FirestoreTime begin, end;  // all of it was so at one time between them
  std::uint64_t items = 0;   // that a restore compares and writes one by one
  std::uint64_t bytes = 0;   // of the document
};

// The errors of describe_config(), and the saver's.
Result<CapturedConfig> capture_config(ConfigClient& client, BlobSaver& saver, Clock& clock,
                                      std::stop_token stop);

}  // namespace firebreak
