// A key is decoded to the one path that has it, or to none.
#include "base/check.h"
#include "firestore/document_key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view key(reinterpret_cast<const char*>(data), size);
  const firebreak::Result<firebreak::DecodedKey> decoded = firebreak::decode_document_key(key);
  if (decoded.ok()) CHECK(firebreak::document_key(decoded->path) == key);
  return 0;
}
