// What Cloud Storage's JSON API says of objects ("Objects: list", "Objects" in its reference).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

struct GcsObject {
  std::string key;
  std::uint64_t size = 0;
  std::string md5;         // in base64; empty where not told
  std::string generation;  // of digits; empty where not told
};

struct GcsPage {
  std::vector<GcsObject> objects;  // may be none although there is a next page
  std::string next_token;          // empty on the last page
};

// Both are Corrupt for anything else, a missing name or size included. Keys are as the service
// says, whatever they are.
Result<GcsObject> parse_gcs_object(ByteView json);
Result<GcsPage> parse_gcs_page(ByteView json);

}  // namespace firebreak
