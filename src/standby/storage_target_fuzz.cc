// Whatever is sent for a target is read or refused, and what is read is UTF-8.
#include "base/text.h"
#include "standby/storage_http.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::optional<StorageTarget> target =
      parse_storage_target({reinterpret_cast<const char*>(data), size});
  if (!target) return 0;
  for (const std::string& part : target->path) CHECK(is_valid_utf8(part));
  for (const auto& [name, value] : target->query) CHECK(is_valid_utf8(value));
  return 0;
}

}  // namespace firebreak
