// The sealed form of everything in a repository (restic design.rst, "Keys, Encryption and MAC"):
//
//   IV (16, random) | AES-256-CTR ciphertext | MAC (16)
//
// The MAC is Poly1305-AES over the ciphertext; the IV enters through the one-time key
// r | AES-128_k(IV). Thread-safe: a Sealer holds only keys.
#pragma once

#include <array>
#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

constexpr std::size_t kSealOverhead = 32;

// Wiped when it goes out of scope; never printed.
struct MasterKey {
  std::array<std::byte, 32> encrypt{};
  std::array<std::byte, 16> mac_k{};
  std::array<std::byte, 16> mac_r{};

  MasterKey() = default;
  MasterKey(const MasterKey&) = default;
  MasterKey& operator=(const MasterKey&) = default;
  ~MasterKey();

  static MasterKey generate();
  // Splits 64 bytes as scrypt gives them: encrypt 32, k 16, r 16.
  static MasterKey from(std::span<const std::byte, 64> raw);
  // restic calls a key with an all-zero part invalid.
  bool is_valid() const;
};

class Sealer {
 public:
  explicit Sealer(const MasterKey& key) : key_(key) {}

  const MasterKey& key() const { return key_; }

  // Appends plain.size() + kSealOverhead bytes.
  void seal(ByteView plain, Bytes& to) const;
  Bytes seal(ByteView plain) const;

  // Checks the MAC first, then decrypts into `plain`, whose storage is reused.
  // Corrupt: too short, all-zero IV, wrong MAC.
  Result<Bytes> open(ByteView sealed, Bytes plain = {}) const;

  // The first half of open(): whether the bytes are as they were sealed.
  Result<void> authenticate(ByteView sealed) const;

 private:
  MasterKey key_;
};

}  // namespace firebreak
