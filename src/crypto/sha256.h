// SHA-256 by OpenSSL. The algorithm is fetched once: looking it up for each small input costs
// four times the hashing.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/id.h"

struct evp_md_ctx_st;

namespace firebreak {

using Sha256 = std::array<std::byte, 32>;

// One shot; thread-safe.
Sha256 sha256(ByteView bytes);

// Names bytes by their content.
template <typename AnyId>
AnyId id_of(ByteView bytes) {
  AnyId id;
  id.bytes = sha256(bytes);
  return id;
}

// For bytes that come in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void update(ByteView bytes);
  Sha256 finish();  // and starts anew

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Sha256 hmac_sha256(ByteView key, ByteView bytes);

}  // namespace firebreak
