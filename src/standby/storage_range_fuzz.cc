// Parts lie within what they are of.
#include "base/check.h"
#include "standby/storage_range.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::uint64_t whole : {std::uint64_t{0}, std::uint64_t{1000}, UINT64_MAX}) {
    const AskedRange asked = asked_range(text, whole);
    if (!asked.range) continue;
    CHECK(asked.range->offset <= whole && asked.range->length <= whole - asked.range->offset);
    CHECK(!asked.is_part || asked.range->length > 0);
  }
  const auto upload = parse_upload_range(text);
  if (!upload || !upload->end) return 0;
  CHECK(upload->offset.has_value() && *upload->offset <= *upload->end);
  CHECK(!upload->total || *upload->end <= *upload->total);
  return 0;
}

}  // namespace firebreak
