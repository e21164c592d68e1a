#include "crypto/md5.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace firebreak {

Md5 md5(ByteView bytes) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  CHECK(algorithm != nullptr);
  Md5 hash;
  unsigned length = 0;
  auto* const out = reinterpret_cast<unsigned char*>(hash.data());
  CHECK(EVP_Digest(bytes.data(), bytes.size(), out, &length, algorithm, nullptr) == 1);
  CHECK(length == hash.size());
  return hash;
}

}  // namespace firebreak
