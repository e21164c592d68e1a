// The input describes a file: runs of a byte or of noise. Its chunks lie within the bounds, add up
// to the file, and do not depend on how much of what follows is given.
#include "base/check.h"
#include "base/random.h"
#include "repository/chunker.h"

namespace firebreak {
namespace {

constexpr std::size_t kFileSizeMax = 12 * 1024 * 1024;

Bytes describe(ByteView input) {
  Bytes file;
  for (; input.size() >= 3 && file.size() < kFileSizeMax; input = input.subspan(3)) {
    const auto kind = std::to_integer<unsigned>(input[0]);
    const std::size_t length =
        (std::to_integer<std::size_t>(input[1]) << 8 | std::to_integer<std::size_t>(input[2])) *
        (kind < 128 ? 1 : 61);
    const std::size_t before = file.size();
    file.resize(std::min(before + length, kFileSizeMax));
    const std::span<std::byte> run = std::span(file).subspan(before);
    if (kind % 2 == 0) {
      Random(kind).fill(run);
    } else {
      std::fill(run.begin(), run.end(), input[0]);
    }
  }
  return file;
}

}  // namespace
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Chunker chunker(Polynomial{0x3DA3358B4DC173});
  const Bytes file = describe(std::as_bytes(std::span(data, size)));
  ByteView rest(file);
  while (!rest.empty()) {
    const std::size_t length = chunker.next(rest);
    CHECK(length > 0 && length <= rest.size() && length <= kChunkSizeMax);
    CHECK(length == rest.size() || length > kChunkSizeMin);
    const bool cut = length < rest.size();
    if (cut) CHECK(chunker.next(rest.first(std::min(rest.size(), kChunkSizeMax))) == length);
    rest = rest.subspan(length);
  }
  CHECK(chunker.next({}) == 0);
  return 0;
}

}  // namespace firebreak
