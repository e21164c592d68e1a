#include "repository/polynomial.h"

#include <bit>
#include <charconv>

#include "base/random.h"

namespace firebreak {
namespace {

constexpr int kDegree = 53;

int degree(std::uint64_t bits) {
  return 63 - std::countl_zero(bits);
}

std::uint64_t remainder(std::uint64_t bits, std::uint64_t modulus) {
  while (bits != 0 && degree(bits) >= degree(modulus)) {
    bits ^= modulus << (degree(bits) - degree(modulus));
  }
  return bits;
}

// a * b mod modulus; both below the modulus, whose degree is at most 63.
std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  std::uint64_t product = 0;
  const std::uint64_t top = std::uint64_t{1} << (degree(modulus) - 1);
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) product ^= a;
    const bool overflows = (a & top) != 0;
    a = a << 1 & ~(top << 1);
    if (overflows) a ^= modulus & ~(top << 1);
  }
  return product;
}

std::uint64_t common_divisor(std::uint64_t a, std::uint64_t b) {
  while (b != 0) {
    a = remainder(a, b);
    std::swap(a, b);
  }
  return a;
}

}  // namespace

// Ben-Or's test: irreducible iff it shares no factor with x^(2^i) - x for i up to half the degree.
bool is_irreducible(Polynomial polynomial) {
  const std::uint64_t modulus = polynomial.bits;
  if (modulus < 2) return false;
  const int top = degree(modulus);
  if (top == 1) return true;
  std::uint64_t power = 2;  // x
  for (int i = 1; i <= top / 2; ++i) {
    power = multiply(power, power, modulus);
    const std::uint64_t difference = power ^ 2;
    if (difference == 0 || common_divisor(modulus, difference) != 1) return false;
  }
  return true;
}

Polynomial random_polynomial() {
  while (true) {
    std::byte raw[8];
    fill_secret(raw);
    const std::uint64_t low = load_le64(raw) & ((std::uint64_t{1} << kDegree) - 1);
    const Polynomial candidate{low | std::uint64_t{1} << kDegree | 1};
    if (is_irreducible(candidate)) return candidate;
  }
}

std::string to_string(Polynomial polynomial) {
  return fmt::format("{:x}", polynomial.bits);
}

Result<Polynomial> parse_polynomial(std::string_view text) {
  Polynomial polynomial;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, polynomial.bits, 16);
  if (problem != std::errc{} || stopped != end || to_string(polynomial) != text) {
    return error(Code::Invalid, "chunker polynomial \"{}\" is not hexadecimal", text);
  }
  if (!is_irreducible(polynomial)) {
    return error(Code::Invalid, "chunker polynomial {} is not irreducible", text);
  }
  return polynomial;
}

}  // namespace firebreak
