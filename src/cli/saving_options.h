// How commands that write blobs write them: --compression, --pack-size.
#pragma once

#include "cli/program.h"
#include "repository/blob_saver.h"

namespace firebreak {

struct SavingOptions {
  std::string compression = "auto";
  unsigned pack_size_mib = kPackSizeDefault >> 20;

  bool operator==(const SavingOptions&) const = default;
};

void add_saving_options(Command command, SavingOptions& options);
// Invalid for pack sizes outside 4..128 MiB and unknown levels.
Result<BlobSaver::Options> saving_of(const SavingOptions& options);

}  // namespace firebreak
