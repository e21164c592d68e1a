// The file `config`: what a repository is. Sealed, never compressed, not named by its content.
#pragma once

#include "backend/backend.h"
#include "crypto/seal.h"
#include "repository/polynomial.h"

namespace firebreak {

struct Config {
  unsigned version = 2;  // 1 or 2
  std::string id;        // 64 hexadecimal digits, random
  Polynomial chunker_polynomial;

  static Config generate();
};

std::string encode_config(const Config& config);
// Corrupt: not JSON of this shape. Invalid: a version other than 1 and 2, named in the message.
Result<Config> parse_config(ByteView json);

Result<Config> load_config(Backend& backend, const Sealer& sealer, std::stop_token stop);
// Conflict where there is one already.
Result<void> save_config(Backend& backend, const Sealer& sealer, const Config& config,
                         std::stop_token stop);

}  // namespace firebreak
