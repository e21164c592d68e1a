#include "crypto/rs256.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace firebreak {
namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Key rsa_key(std::size_t bits) {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits), EVP_PKEY_free};
}

std::string pem_of(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  char password[] = "password";
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, cipher, password, 8, nullptr, nullptr),
            1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

bool verifies(EVP_PKEY* key, std::string_view text, ByteView signature) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  EVP_PKEY_CTX* padding = nullptr;
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), &padding, EVP_sha256(), nullptr, key), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING), 1);
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

TEST(Rs256Key, SignsWhatItsPublicHalfVerifies) {
  const Key key = rsa_key(2048);
  const Result<Rs256Key> parsed = Rs256Key::parse_pem(pem_of(key.get()));
  ASSERT_TRUE(parsed.ok());
  const Result<Bytes> signature = parsed->sign(as_bytes("header.claims"));
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(signature->size(), 256);
  EXPECT_TRUE(verifies(key.get(), "header.claims", *signature));
  EXPECT_FALSE(verifies(key.get(), "header.claimz", *signature));
}

TEST(Rs256Key, RefusesWhatIsNoUsableKey) {
  const Key small = rsa_key(1024);
  const Key curve(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
  const Key key = rsa_key(2048);
  const std::string pem = pem_of(key.get());
  for (const std::string& text :
       {std::string(), std::string("no PEM"), pem.substr(0, pem.size() / 2), pem_of(small.get()),
        pem_of(curve.get()), pem_of(key.get(), EVP_aes_256_cbc())}) {
    EXPECT_TRUE(failed_with(Rs256Key::parse_pem(text), Code::Invalid));
  }
}

}  // namespace
}  // namespace firebreak
