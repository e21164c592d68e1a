#include "crypto/scratch_cipher.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(ScratchCipherTest, PiecesAreAsTheWhole) {
  const ScratchCipher cipher;
  const Bytes plain(1000, std::byte{7});
  Bytes whole = plain;
  cipher.apply(whole, 40);
  EXPECT_NE(whole, plain);
  for (const std::size_t size : {1, 3, 16, 17, 500}) {
    Bytes pieces = plain;
    for (std::size_t at = 0; at < pieces.size(); at += size) {
      cipher.apply(std::span(pieces).subspan(at, std::min(size, pieces.size() - at)), 40 + at);
    }
    EXPECT_EQ(pieces, whole) << size;
  }
  cipher.apply(whole, 40);
  EXPECT_EQ(whole, plain);
}

TEST(ScratchCipherTest, EveryPlaceAndEveryKeyIsAnother) {
  const ScratchCipher cipher;
  Bytes here(64);
  Bytes there(64);
  Bytes far(64);
  Bytes other(64);
  for (Bytes* const bytes : {&here, &there, &far, &other})
    std::fill(bytes->begin(), bytes->end(), std::byte{0});
  cipher.apply(here, 0);
  cipher.apply(there, 64);
  cipher.apply(far, std::uint64_t{1} << 40);
  ScratchCipher().apply(other, 0);
  EXPECT_NE(here, there);
  EXPECT_NE(here, far);
  EXPECT_NE(here, other);
}

}  // namespace
}  // namespace firebreak
