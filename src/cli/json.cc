#include "cli/json.h"

namespace firebreak {

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace firebreak
