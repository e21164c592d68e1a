// Whole or in two pieces, a body is read or refused alike.
#include "standby/storage_multipart.h"

namespace firebreak {
namespace {

struct Read {
  bool is_ok = false;
  std::string metadata;
  std::string content;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view first, std::string_view second) {
  Read found;
  MultipartReader reader("b", [&](ByteView bytes) -> Result<void> {
    found.content += as_text(bytes);
    return {};
  });
  found.is_ok = reader.feed(as_bytes(first)).ok() && reader.feed(as_bytes(second)).ok() &&
                reader.finish().ok();
  if (!found.is_ok) return {};
  found.metadata = reader.metadata();
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)multipart_boundary(text);
  const std::size_t cut = size > 0 ? data[0] % size : 0;
  CHECK(read(text, "") == read(text.substr(0, cut), text.substr(cut)));
  return 0;
}

}  // namespace firebreak
