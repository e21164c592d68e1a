// Any bytes survive hexadecimal and base64; what decodes has no second spelling; what is printable
// holds no control character and is valid UTF-8.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace firebreak {
namespace {

bool is_equal(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void check_printable(std::string_view text) {
  const std::string safe = printable(text);
  std::string_view rest = safe;
  while (!rest.empty()) {
    const std::size_t length = utf8_sequence(rest);
    CHECK(length > 0 && length <= rest.size());
    const char32_t code = decode_utf8(rest.substr(0, length));
    CHECK(code >= 0x20 && (code < 0x7f || code >= 0xa0));
    std::string again;
    append_utf8(again, code);
    CHECK(again == rest.substr(0, length));
    rest.remove_prefix(length);
  }
  CHECK(printable(safe) == safe);
}

}  // namespace
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const std::string_view text = as_text(bytes);

  const Result<Bytes> from_own_hex = from_hex(to_hex(bytes));
  CHECK(from_own_hex.ok() && is_equal(*from_own_hex, bytes));
  const Result<Bytes> from_own_base64 = from_base64(to_base64(bytes));
  CHECK(from_own_base64.ok() && is_equal(*from_own_base64, bytes));

  const Result<Bytes> hex = from_hex(text);
  if (hex.ok()) CHECK(to_hex(*hex) == text);
  const Result<Bytes> base64 = from_base64(text);
  if (base64.ok()) CHECK(to_base64(*base64) == text);

  check_printable(text);
  return 0;
}

}  // namespace firebreak
