#include "standby/storage_multipart.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

constexpr std::string_view kBody =
    "preamble\r\n--b\r\nContent-Type: application/json\r\n\r\n{\"a\":1}\r\n--b \r\n"
    "content-TYPE:  text/x \r\nOther: y\r\n\r\n\r\n--\r\n-b\r\n--b--\r\nepilogue";

struct Read {
  absl::Status status;
  std::string metadata;
  std::string content_type;
  std::string content;
};

Read read(std::string_view first, std::string_view second) {
  Read result;
  MultipartReader reader("b", [&](ByteView bytes) -> Result<void> {
    result.content += as_text(bytes);
    return {};
  });
  result.status = reader.feed(as_bytes(first));
  if (result.status.ok()) result.status = reader.feed(as_bytes(second));
  if (result.status.ok()) result.status = reader.finish();
  result.metadata = reader.metadata();
  result.content_type = reader.content_type();
  return result;
}

TEST(Multipart, IsTheSameWhereverItIsCut) {
  for (std::size_t at = 0; at <= kBody.size(); ++at) {
    const Read found = read(kBody.substr(0, at), kBody.substr(at));
    EXPECT_TRUE(found.status.ok()) << at;
    EXPECT_EQ(found.metadata, "{\"a\":1}") << at;
    EXPECT_EQ(found.content_type, "text/x") << at;
    EXPECT_EQ(found.content, "\r\n--\r\n-b") << at;
  }
}

TEST(Multipart, IsRefusedUnlessItIsWhole) {
  const std::size_t end = kBody.find("--b--");
  for (std::size_t at = 0; at < end + 3; ++at) {
    EXPECT_FALSE(read(kBody.substr(0, at), "").status.ok()) << at;
  }
  EXPECT_FALSE(read("--b\r\n\r\n{}\r\n--b--", "").status.ok());
  EXPECT_FALSE(read(std::string(2 << 20, 'x'), "").status.ok());
  EXPECT_FALSE(read("--b\r\n" + std::string(2 << 20, 'x'), "").status.ok());
}

TEST(Multipart, MayBeginWithItsDelimiterAndHoldNothing) {
  const Read found = read("--b\r\n\r\n{}\r\n--b\r\n\r\n\r\n--b--", "");
  EXPECT_TRUE(found.status.ok());
  EXPECT_EQ(found.metadata, "{}");
  EXPECT_EQ(found.content, "");
}

TEST(Multipart, HasItsBoundaryInAnyForm) {
  EXPECT_EQ(multipart_boundary("multipart/related; boundary=abc"), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Related;type=x; BOUNDARY=\"a b\"; x=y"), "a b");
  EXPECT_EQ(multipart_boundary("multipart/related; boundary='a'"), "a");
  for (const char* none : {"", "text/plain; boundary=a", "multipart/related",
                           "multipart/related; boundary=", "multipart/related; boundary=\"a"}) {
    EXPECT_EQ(multipart_boundary(none), "") << none;
  }
}

}  // namespace
}  // namespace firebreak
