#include "crypto/rs256.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace firebreak {
namespace {

constexpr int kKeyBitsMin = 2048;

// A key that asks for a password is refused, not asked about on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

}  // namespace

void Rs256Key::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<Rs256Key> Rs256Key::parse_pem(std::string_view pem) {
  if (pem.size() > 64 * 1024) return error(Code::Invalid, "the private key is too long");
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  CHECK(bio != nullptr);
  Rs256Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (key.key_ == nullptr)
    return error(Code::Invalid, "the private key is no PEM that can be read");
  if (EVP_PKEY_get_base_id(key.key_.get()) != EVP_PKEY_RSA) {
    return error(Code::Invalid, "the private key is no RSA key");
  }
  if (EVP_PKEY_get_bits(key.key_.get()) < kKeyBitsMin) {
    return error(Code::Invalid, "the private key has fewer than {} bits", kKeyBitsMin);
  }
  return key;
}

Result<Bytes> Rs256Key::sign(ByteView bytes) const {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  CHECK(context != nullptr);
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
  std::size_t size = signature.size();
  // PKCS#1 v1.5 is the padding that OpenSSL uses unless told otherwise.
  const bool signed_ok =
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
  ERR_clear_error();
  if (!signed_ok) return error(Code::Invalid, "the private key does not sign");
  signature.resize(size);
  return signature;
}

}  // namespace firebreak
