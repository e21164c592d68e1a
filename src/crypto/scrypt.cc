#include "crypto/scrypt.h"

#include <bit>
#include <openssl/evp.h>

namespace firebreak {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr std::uint64_t kMemoryBytesMax = std::uint64_t{1} << 30;
constexpr std::uint64_t kOperationsMax = std::uint64_t{1} << 30;

}  // namespace

Result<void> check_cost(const ScryptCost& cost) {
  if (cost.n < 2 || !std::has_single_bit(cost.n)) {
    return error(Code::Invalid, "scrypt N is {}, it must be a power of two above 1", cost.n);
  }
  if (cost.r == 0 || cost.p == 0) return error(Code::Invalid, "scrypt r and p must be above 0");
  const auto n = static_cast<Wide>(cost.n);
  if (n * cost.r * 128 > kMemoryBytesMax || n * cost.r * cost.p > kOperationsMax) {
    return error(Code::Invalid, "scrypt N={} r={} p={} asks for more than 1 GiB or 2^30 operations",
                 cost.n, cost.r, cost.p);
  }
  return {};
}

Result<std::array<std::byte, 64>> scrypt(ByteView password, ByteView salt, const ScryptCost& cost) {
  TRY(check_cost(cost));
  std::array<std::byte, 64> key;
  constexpr std::uint64_t kSlack = 1 << 20;
  const int done =
      EVP_PBE_scrypt(as_text(password).data(), password.size(),
                     reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), cost.n,
                     cost.r, cost.p, kMemoryBytesMax + kSlack + 128ULL * cost.r * cost.p,
                     reinterpret_cast<unsigned char*>(key.data()), key.size());
  if (done != 1) return error(Code::Exhausted, "scrypt: not enough memory");
  return key;
}

}  // namespace firebreak
