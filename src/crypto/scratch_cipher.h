// Encrypts what a run keeps in temporary files, under a key that ends with the process, so that a
// disk or a copy of it tells nothing later. It does not authenticate: who can write to the file of
// a running process can do worse.
#pragma once

#include <array>
#include <span>

#include "base/bytes.h"

namespace firebreak {

class ScratchCipher {
 public:
  ScratchCipher();  // a random key

  // Encrypts or decrypts in place (AES-256-CTR) what lies at `position` of a file. No position may
  // be written twice.
  void apply(std::span<std::byte> bytes, std::uint64_t position) const;

 private:
  std::array<std::byte, 32> key_;
};

}  // namespace firebreak
