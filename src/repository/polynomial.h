// Polynomials over GF(2) of degree up to 63, coefficients as bits. restic keys its chunker by an
// irreducible one of degree 53 and checks that on every open, so we must make real ones.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace firebreak {

struct Polynomial {
  std::uint64_t bits = 0;
  bool operator==(const Polynomial&) const = default;
};

bool is_irreducible(Polynomial polynomial);

// Irreducible, of degree 53, from the kernel's generator.
Polynomial random_polynomial();

// restic's spelling: lower-case hexadecimal without leading zeros.
std::string to_string(Polynomial polynomial);
// Invalid unless it is spelled so and irreducible.
Result<Polynomial> parse_polynomial(std::string_view text);

}  // namespace firebreak
