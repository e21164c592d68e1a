// What parses is irreducible and spelled in one way; a product of two polynomials never passes
// for irreducible.
#include "base/bytes.h"
#include "repository/polynomial.h"

namespace firebreak {
namespace {

std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  for (int bit = 0; bit < 32; ++bit) {
    if ((b >> bit & 1) != 0) sum ^= a << bit;
  }
  return sum;
}

}  // namespace
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Polynomial> parsed = parse_polynomial(text);
  if (parsed.ok()) CHECK(to_string(*parsed) == text && is_irreducible(*parsed));
  if (size < 8) return 0;
  const std::uint64_t bits = load_le64(reinterpret_cast<const std::byte*>(data));
  const Polynomial any{bits};
  const Result<Polynomial> again = parse_polynomial(to_string(any));
  CHECK(again.ok() == is_irreducible(any));
  // Factors of degree at least one; the product has at most degree 63.
  const std::uint64_t a = (bits & 0xffffffff) | 2;
  const std::uint64_t b = bits >> 32 | 2;
  CHECK(!is_irreducible({product(a, b)}));
  return 0;
}

}  // namespace firebreak
