// What parses is written and parsed again as the same path.
#include "standby/field_path.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Answer<FieldPath> path = parse_field_path({reinterpret_cast<const char*>(data), size});
  if (!path.ok()) return 0;
  CHECK(!path->empty());
  const std::string text = to_string(*path);
  const Answer<FieldPath> again = parse_field_path(text);
  // Quotes and escapes may have been left out where they were not needed, never added.
  CHECK(again.ok() && *again == *path && text.size() <= size);
  return 0;
}

}  // namespace firebreak
