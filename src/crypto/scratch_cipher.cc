#include "crypto/scratch_cipher.h"

#include <memory>
#include <openssl/evp.h>

#include "base/check.h"
#include "base/random.h"

namespace firebreak {
namespace {

constexpr std::size_t kBlockBytes = 16;

}  // namespace

ScratchCipher::ScratchCipher() {
  fill_secret(key_);
}

void ScratchCipher::apply(std::span<std::byte> bytes, std::uint64_t position) const {
  CHECK(bytes.size() <= INT32_MAX);
  std::array<unsigned char, kBlockBytes> counter{};  // big-endian
  for (std::size_t i = 0; i < 8; ++i) {
    counter[kBlockBytes - 1 - i] =
        static_cast<unsigned char>(position / kBlockBytes >> (8 * i) & 0xff);
  }
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(),
                                                                           EVP_CIPHER_CTX_free);
  CHECK(context != nullptr);
  CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_256_ctr(), nullptr,
                           reinterpret_cast<const unsigned char*>(key_.data()),
                           counter.data()) == 1);
  int done = 0;
  // The part of the first block that lies before.
  std::array<unsigned char, kBlockBytes> before{};
  CHECK(EVP_EncryptUpdate(context.get(), before.data(), &done, before.data(),
                          static_cast<int>(position % kBlockBytes)) == 1);
  auto* const data = reinterpret_cast<unsigned char*>(bytes.data());
  CHECK(EVP_EncryptUpdate(context.get(), data, &done, data, static_cast<int>(bytes.size())) == 1);
}

}  // namespace firebreak
