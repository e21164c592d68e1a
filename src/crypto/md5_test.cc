#include "crypto/md5.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace firebreak {
namespace {

TEST(Md5, HashesAsRfc1321Says) {
  EXPECT_EQ(to_hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5(as_bytes("message digest"))), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Md5, IsTheSameInPieces) {
  Md5Stream stream;
  stream.update(as_bytes("message "));
  stream.update({});
  stream.update(as_bytes("digest"));
  EXPECT_EQ(stream.finish(), md5(as_bytes("message digest")));
}

}  // namespace
}  // namespace firebreak
