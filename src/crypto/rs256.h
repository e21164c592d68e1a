// RS256 signatures (RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 section 3.3), by which a Google
// service account proves itself.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct evp_pkey_st;

namespace firebreak {

class Rs256Key {
 public:
  // PKCS#8 or PKCS#1 in PEM, unencrypted, of 2048 bits or more; Invalid otherwise. The message
  // holds nothing of the key.
  static Result<Rs256Key> parse_pem(std::string_view pem);

  // As many bytes as the key has. Thread-safe.
  Result<Bytes> sign(ByteView bytes) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit Rs256Key(evp_pkey_st* key) : key_(key) {}

  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace firebreak
