// What parses is spelled and read again as the same time; only years that the format cannot spell
// are clamped.
#include "base/rfc3339.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<FileTime> time = parse_rfc3339(text);
  if (!time.ok()) return 0;
  CHECK(time->nanoseconds < 1'000'000'000);
  const std::string spelled = format_rfc3339(*time);
  const Result<FileTime> again = parse_rfc3339(spelled);
  CHECK(again.ok() && format_rfc3339(*again) == spelled);
  const bool clamped = spelled.starts_with("0000-01-01") || spelled.starts_with("9999-12-31");
  CHECK(clamped || *again == *time);
  const Result<WallTime> wall = time->to_wall();
  if (wall.ok()) CHECK(FileTime::from(*wall) == *time);
  return 0;
}

}  // namespace firebreak
