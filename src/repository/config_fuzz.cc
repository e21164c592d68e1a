// What parses is a version we know with an irreducible polynomial, and survives encoding.
#include "repository/config.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Config> config = parse_config(std::as_bytes(std::span(data, size)));
  if (!config.ok()) return 0;
  CHECK(config->version == 1 || config->version == 2);
  CHECK(is_file_name(config->id) && is_irreducible(config->chunker_polynomial));
  const Result<Config> again = parse_config(as_bytes(encode_config(*config)));
  CHECK(again.ok());
  CHECK(again->version == config->version && again->id == config->id &&
        again->chunker_polynomial == config->chunker_polynomial);
  return 0;
}

}  // namespace firebreak
