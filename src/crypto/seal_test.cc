#include "crypto/seal.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/scrypt.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

TEST(Seal, OpensWhatItSealed) {
  Random random(1);
  const Sealer sealer(MasterKey::generate());
  for (const std::size_t size : {0, 1, 15, 16, 17, 4096, 100'000}) {
    Bytes plain(size);
    random.fill(plain);
    const Bytes sealed = sealer.seal(plain);
    EXPECT_EQ(sealed.size(), size + kSealOverhead);
    const Result<Bytes> opened = sealer.open(sealed);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    EXPECT_EQ(*opened, plain);
  }
}

TEST(Seal, NoticesEveryBit) {
  const Sealer sealer(MasterKey::generate());
  Bytes sealed = sealer.seal(as_bytes("some plaintext"));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    sealed[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_TRUE(failed_with(sealer.open(sealed), Code::Corrupt)) << "bit " << bit;
    sealed[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_TRUE(failed_with(sealer.open(ByteView(sealed).first(size)), Code::Corrupt));
  }
}

TEST(Seal, RefusesAZeroIv) {
  const Bytes zero(64, std::byte{0});
  EXPECT_TRUE(failed_with(Sealer(MasterKey::generate()).open(zero), Code::Corrupt));
}

TEST(Seal, NeverRepeatsAnIv) {
  const Sealer sealer(MasterKey::generate());
  EXPECT_NE(sealer.seal(as_bytes("x")), sealer.seal(as_bytes("x")));
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Scrypt, KnownAnswerOfRfc7914) {
  const auto key = scrypt(as_bytes("pleaseletmein"), as_bytes("SodiumChloride"), {16384, 8, 1});
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(to_hex(*key),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST(Scrypt, RefusesAHostileCost) {
  for (const ScryptCost& cost :
       {ScryptCost{1U << 30, 8, 1}, ScryptCost{3, 8, 1}, ScryptCost{2, 0, 1}, ScryptCost{2, 1, 0},
        ScryptCost{0, 8, 1}, ScryptCost{1024, 0xffffffff, 0xffffffff}}) {
    EXPECT_TRUE(failed_with(scrypt(as_bytes("p"), as_bytes("s"), cost), Code::Invalid));
  }
}

}  // namespace
}  // namespace firebreak
