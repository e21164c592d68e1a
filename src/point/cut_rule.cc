#include "point/cut_rule.h"

#include <sodium.h>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

constexpr std::size_t kHashBytes = 16;
constexpr std::uint64_t kLeavesPerFile = 16;
constexpr unsigned kFilesPerBottomBits = 5;    // 32
constexpr unsigned kChildrenPerUpperBits = 6;  // 64

using State = crypto_generichash_blake2b_state;

bool ends(std::uint64_t bits, unsigned count) {
  return (bits & ((1ull << count) - 1)) == 0;
}

}  // namespace

CutRule::CutRule(Polynomial key) {
  static_assert(sizeof(State) <= sizeof keyed_);
  const Sha256 secret = sha256(as_bytes("firebreak-cut-1\n" + to_string(key) + "\n"));
  auto* state = reinterpret_cast<State*>(keyed_.data());
  CHECK(crypto_generichash_blake2b_init(state,
                                        reinterpret_cast<const unsigned char*>(secret.data()),
                                        secret.size(), kHashBytes) == 0);
}

CutRule::Hash CutRule::hash(std::string_view key) const {
  State state;
  std::memcpy(&state, keyed_.data(), sizeof state);
  std::byte hash[kHashBytes];
  crypto_generichash_blake2b_update(&state, reinterpret_cast<const unsigned char*>(key.data()),
                                    key.size());
  crypto_generichash_blake2b_final(&state, reinterpret_cast<unsigned char*>(hash), sizeof hash);
  return {load_le64(hash), load_le64(hash + 8)};
}

Cut CutRule::after(std::string_view key, std::size_t record_bytes) const {
  auto [chance, bits] = hash(key);
  // A leaf of the mean size ends with certainty, one of half of it with a half.
  if (record_bytes < kLeafBytesMean && chance >= std::uint64_t{record_bytes} << 48) {
    return Cut::None;
  }
  if (bits % kLeavesPerFile != 0) return Cut::Leaf;
  bits >>= 4;
  if (!ends(bits, kFilesPerBottomBits)) return Cut::File;
  bits >>= kFilesPerBottomBits;
  unsigned upper = 0;
  while (upper < kUpperLevelsMax && ends(bits, kChildrenPerUpperBits)) {
    ++upper;
    bits >>= kChildrenPerUpperBits;
  }
  return static_cast<Cut>(static_cast<unsigned>(Cut::Bottom) + upper);
}

}  // namespace firebreak
