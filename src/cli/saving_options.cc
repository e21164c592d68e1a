#include "cli/saving_options.h"

namespace firebreak {

void add_saving_options(Command command, SavingOptions& options) {
  command.add_option("--compression", options.compression, "off, fastest, auto, better or max")
      .capture_default_str();
  command.add_option("--pack-size", options.pack_size_mib, "MiB of a pack, 4 to 128")
      .capture_default_str();
}

Result<BlobSaver::Options> saving_of(const SavingOptions& options) {
  BlobSaver::Options saving;
  saving.compression = TRY(parse_compression(options.compression));
  if (options.pack_size_mib < 4 || options.pack_size_mib > 128) {
    return error(Code::Invalid, "--pack-size {}: packs have 4 to 128 MiB", options.pack_size_mib);
  }
  saving.pack_size = std::size_t{options.pack_size_mib} << 20;
  return saving;
}

}  // namespace firebreak
