// What parses is spelled and read again as the same duration.
#include "snapshot/duration.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Duration> duration = parse_duration(text);
  if (!duration.ok()) return 0;
  const Result<Duration> again = parse_duration(format(*duration));
  CHECK(again.ok() && *again == *duration);
  return 0;
}

}  // namespace firebreak
