#include "crypto/seal.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "base/random.h"

namespace firebreak {
namespace {

constexpr std::size_t kIvSize = 16;
constexpr std::size_t kMacSize = 16;

using Mac = std::array<std::byte, kMacSize>;

unsigned char* raw(std::byte* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

// OpenSSL's algorithms, fetched once, and per-thread contexts, set up once: fetching by name
// costs more than sealing a small blob.
struct Cipher {
  EVP_CIPHER* algorithm;
  EVP_CIPHER_CTX* context;
  explicit Cipher(const char* name)
      : algorithm(EVP_CIPHER_fetch(nullptr, name, nullptr)), context(EVP_CIPHER_CTX_new()) {
    CHECK(algorithm != nullptr && context != nullptr);
  }
  ~Cipher() {
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(algorithm);
  }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;
};

struct Poly1305 {
  EVP_MAC* algorithm;
  EVP_MAC_CTX* context;
  Poly1305()
      : algorithm(EVP_MAC_fetch(nullptr, "POLY1305", nullptr)),
        context(EVP_MAC_CTX_new(algorithm)) {
    CHECK(algorithm != nullptr && context != nullptr);
  }
  ~Poly1305() {
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(algorithm);
  }
  Poly1305(const Poly1305&) = delete;
  Poly1305& operator=(const Poly1305&) = delete;
};

void aes_ctr(const MasterKey& key, const std::byte* iv, ByteView from, std::byte* to) {
  thread_local Cipher cipher("AES-256-CTR");
  CHECK(EVP_EncryptInit_ex2(cipher.context, cipher.algorithm, raw(key.encrypt.data()), raw(iv),
                            nullptr) == 1);
  int done = 0;
  CHECK(from.size() <= INT32_MAX);
  CHECK(EVP_EncryptUpdate(cipher.context, raw(to), &done, raw(from.data()),
                          static_cast<int>(from.size())) == 1);
  CHECK(static_cast<std::size_t>(done) == from.size());
}

// r is clamped by the Poly1305 routine itself, as restic does since it stores r unmasked.
Mac mac_of(const MasterKey& key, const std::byte* iv, ByteView ciphertext) {
  std::array<std::byte, 32> one_time;
  std::copy(key.mac_r.begin(), key.mac_r.end(), one_time.begin());
  {
    thread_local Cipher block("AES-128-ECB");
    CHECK(EVP_EncryptInit_ex2(block.context, block.algorithm, raw(key.mac_k.data()), nullptr,
                              nullptr) == 1);
    CHECK(EVP_CIPHER_CTX_set_padding(block.context, 0) == 1);
    int done = 0;
    CHECK(EVP_EncryptUpdate(block.context, raw(one_time.data() + 16), &done, raw(iv), 16) == 1);
    CHECK(done == 16);
  }
  thread_local Poly1305 poly;
  CHECK(EVP_MAC_init(poly.context, raw(one_time.data()), one_time.size(), nullptr) == 1);
  CHECK(EVP_MAC_update(poly.context, raw(ciphertext.data()), ciphertext.size()) == 1);
  Mac mac;
  std::size_t size = 0;
  CHECK(EVP_MAC_final(poly.context, raw(mac.data()), &size, mac.size()) == 1);
  CHECK(size == mac.size());
  OPENSSL_cleanse(one_time.data(), one_time.size());
  return mac;
}

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// The ciphertext inside `sealed` once its MAC has been found right.
Result<ByteView> authenticated(const MasterKey& key, ByteView sealed) {
  if (sealed.size() < kSealOverhead) {
    return error(Code::Corrupt, "sealed data of {} bytes, at least {} are needed", sealed.size(),
                 kSealOverhead);
  }
  if (all_zero(sealed.first(kIvSize))) return error(Code::Corrupt, "sealed data with a zero IV");
  const ByteView ciphertext = sealed.subspan(kIvSize, sealed.size() - kSealOverhead);
  const Mac mac = mac_of(key, sealed.data(), ciphertext);
  if (CRYPTO_memcmp(mac.data(), sealed.data() + sealed.size() - kMacSize, kMacSize) != 0) {
    return error(Code::Corrupt, "the authentication code does not match");
  }
  return ciphertext;
}

}  // namespace

MasterKey::~MasterKey() {
  OPENSSL_cleanse(encrypt.data(), encrypt.size());
  OPENSSL_cleanse(mac_k.data(), mac_k.size());
  OPENSSL_cleanse(mac_r.data(), mac_r.size());
}

MasterKey MasterKey::generate() {
  MasterKey key;
  fill_secret(key.encrypt);
  fill_secret(key.mac_k);
  fill_secret(key.mac_r);
  return key;
}

MasterKey MasterKey::from(std::span<const std::byte, 64> raw_key) {
  MasterKey key;
  std::copy_n(raw_key.begin(), 32, key.encrypt.begin());
  std::copy_n(raw_key.begin() + 32, 16, key.mac_k.begin());
  std::copy_n(raw_key.begin() + 48, 16, key.mac_r.begin());
  return key;
}

bool MasterKey::is_valid() const {
  return !all_zero(encrypt) && !all_zero(mac_k) && !all_zero(mac_r);
}

void Sealer::seal(ByteView plain, Bytes& to) const {
  const std::size_t start = to.size();
  to.resize(start + plain.size() + kSealOverhead);
  std::byte* const iv = to.data() + start;
  do {
    fill_secret({iv, kIvSize});
  } while (all_zero({iv, kIvSize}));
  aes_ctr(key_, iv, plain, iv + kIvSize);
  const Mac mac = mac_of(key_, iv, {iv + kIvSize, plain.size()});
  std::copy(mac.begin(), mac.end(), iv + kIvSize + plain.size());
}

Bytes Sealer::seal(ByteView plain) const {
  Bytes sealed;
  seal(plain, sealed);
  return sealed;
}

Result<Bytes> Sealer::open(ByteView sealed, Bytes plain) const {
  const ByteView ciphertext = TRY(authenticated(key_, sealed));
  plain.resize(ciphertext.size());
  aes_ctr(key_, sealed.data(), ciphertext, plain.data());
  return plain;
}

Result<void> Sealer::authenticate(ByteView sealed) const {
  TRY(authenticated(key_, sealed));
  return {};
}

}  // namespace firebreak
