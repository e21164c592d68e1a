#include "crypto/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace firebreak {
namespace {

const EVP_MD* fetched() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

}  // namespace

Sha256 sha256(ByteView bytes) {
  thread_local Sha256Stream stream;
  stream.update(bytes);
  return stream.finish();
}

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  CHECK(EVP_DigestInit_ex(context_.get(), fetched(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

void Sha256Stream::update(ByteView bytes) {
  CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
  Sha256 hash;
  unsigned length = 0;
  auto* const out = reinterpret_cast<unsigned char*>(hash.data());
  CHECK(EVP_DigestFinal_ex(context_.get(), out, &length) == 1 && length == hash.size());
  CHECK(EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1);
  return hash;
}

Sha256 hmac_sha256(ByteView key, ByteView bytes) {
  Sha256 mac;
  unsigned length = 0;
  const auto* const in = reinterpret_cast<const unsigned char*>(bytes.data());
  auto* const out = reinterpret_cast<unsigned char*>(mac.data());
  CHECK(HMAC(fetched(), key.data(), static_cast<int>(key.size()), in, bytes.size(), out, &length) !=
        nullptr);
  CHECK(length == mac.size());
  return mac;
}

}  // namespace firebreak
