// Any bytes come back from every level; any frame opens to at most what was allowed, or is Corrupt,
// whatever size it claims.
#include <algorithm>

#include "repository/compression.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = std::as_bytes(std::span(data, size));
  for (const std::size_t size_max : {std::size_t{0}, std::size_t{100}, std::size_t{1} << 20}) {
    const Result<Bytes> opened = decompress(input, size_max);
    if (opened.ok()) {
      CHECK(opened->size() <= size_max);
    } else {
      CHECK(failed_with(opened, Code::Corrupt));
    }
  }
  for (const Compression level : {Compression::Fastest, Compression::Auto}) {
    Bytes frame = to_bytes("before");
    compress(input, level, frame);
    const Result<Bytes> again = decompress(ByteView(frame).subspan(6), size);
    CHECK(again.ok() && std::equal(again->begin(), again->end(), input.begin(), input.end()));
    if (size > 0) {
      CHECK(failed_with(decompress(ByteView(frame).subspan(6), size - 1), Code::Corrupt));
    }
  }
  return 0;
}

}  // namespace firebreak
