#include "crypto/md5.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace firebreak {
namespace {

const EVP_MD* fetched() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

}  // namespace

Md5 md5(ByteView bytes) {
  Md5 hash;
  unsigned length = 0;
  auto* const out = reinterpret_cast<unsigned char*>(hash.data());
  CHECK(EVP_Digest(bytes.data(), bytes.size(), out, &length, fetched(), nullptr) == 1);
  CHECK(length == hash.size());
  return hash;
}

void Md5Stream::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Md5Stream::Md5Stream() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  CHECK(EVP_DigestInit_ex(context_.get(), fetched(), nullptr) == 1);
}

void Md5Stream::update(ByteView bytes) {
  CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Md5 Md5Stream::finish() {
  Md5 hash;
  auto* const out = reinterpret_cast<unsigned char*>(hash.data());
  CHECK(EVP_DigestFinal_ex(context_.get(), out, nullptr) == 1);
  return hash;
}

}  // namespace firebreak
