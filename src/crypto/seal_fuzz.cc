// Any bytes come back from sealing; no changed bit and no bytes of somebody else's open.
#include <algorithm>

#include "base/check.h"
#include "crypto/seal.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = std::as_bytes(std::span(data, size));
  static const Sealer sealer([] {
    std::array<std::byte, 64> raw;
    raw.fill(std::byte{7});
    return MasterKey::from(raw);
  }());
  CHECK(failed_with(sealer.open(input), Code::Corrupt));
  Bytes sealed = sealer.seal(input);
  CHECK(sealed.size() == size + kSealOverhead && sealer.authenticate(sealed).ok());
  const Result<Bytes> opened = sealer.open(sealed);
  CHECK(opened.ok() && std::equal(opened->begin(), opened->end(), input.begin(), input.end()));
  const std::size_t at = size == 0 ? 0 : data[0] * sealed.size() / 256;
  sealed[at] ^= std::byte{1} << (size % 8);
  CHECK(failed_with(sealer.open(sealed), Code::Corrupt) && !sealer.authenticate(sealed).ok());
  return 0;
}

}  // namespace firebreak
