// Documents: any JSON comes back from encoding in both versions; any plaintext under a good MAC
// opens to something bounded or is Corrupt; sealed bytes without the key never open.
#include <algorithm>

#include "repository/unpacked.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = std::as_bytes(std::span(data, size));
  static const Sealer sealer([] {
    std::array<std::byte, 64> raw;
    raw.fill(std::byte{7});
    return MasterKey::from(raw);
  }());
  CHECK(failed_with(decode_unpacked(sealer, input), Code::Corrupt));

  const Result<Bytes> opened = decode_unpacked(sealer, sealer.seal(input));
  if (opened.ok()) {
    CHECK(opened->size() <= kUnpackedSizeMax);
  } else {
    CHECK(failed_with(opened, Code::Corrupt));
  }

  Bytes json = to_bytes("{");
  append(json, input);
  for (const unsigned version : {1U, 2U}) {
    const Result<Bytes> sealed = encode_unpacked(sealer, json, version);
    CHECK(sealed.ok());
    const Result<Bytes> again = decode_unpacked(sealer, *sealed);
    CHECK(again.ok() && *again == json);
  }
  return 0;
}

}  // namespace firebreak
