// A page or an object that parses has names; a generation goes into an address and is digits.
#include <algorithm>

#include "backend/gcs_json.h"

namespace firebreak {

static void check_object(const GcsObject& object) {
  CHECK(!object.key.empty());
  CHECK(std::ranges::all_of(object.generation, [](char c) { return c >= '0' && c <= '9'; }));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const Result<GcsObject> object = parse_gcs_object(bytes);
  if (object.ok()) {
    check_object(*object);
  } else {
    CHECK(is(object.error(), Code::Corrupt));
  }
  const Result<GcsPage> page = parse_gcs_page(bytes);
  if (page.ok()) {
    for (const GcsObject& each : page->objects) check_object(each);
  } else {
    CHECK(is(page.error(), Code::Corrupt));
  }
  return 0;
}

}  // namespace firebreak
