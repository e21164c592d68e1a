#include "crypto/crc32c.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

// RFC 3720, B.4, and the check value of the catalogue of parametrised CRCs.
TEST(Crc32cTest, KnownAnswers) {
  EXPECT_EQ(crc32c(0, {}), 0U);
  EXPECT_EQ(crc32c(0, as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(0, Bytes(32, std::byte{0})), 0x8A9136AAU);
  EXPECT_EQ(crc32c(0, Bytes(32, std::byte{0xff})), 0x62A8AB43U);
}

TEST(Crc32cTest, InParts) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::uint32_t first = crc32c(0, as_bytes(text.substr(0, cut)));
    EXPECT_EQ(crc32c(first, as_bytes(text.substr(cut))), crc32c(0, as_bytes(text))) << cut;
  }
}

}  // namespace
}  // namespace firebreak
