// The listings of restic's REST protocol.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

struct RestEntry {
  std::string name;
  std::optional<std::uint64_t> size;  // version 1 does not tell
};

// Version 2 is [{"name":…,"size":…},…], version 1 ["name",…]. Corrupt for anything else. Names
// are as the server says, whatever they are.
Result<std::vector<RestEntry>> parse_rest_list(Bytes json);

}  // namespace firebreak
