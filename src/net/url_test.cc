#include "net/url.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(Url, IsTakenApart) {
  const Result<Url> url = parse_url("https://me%40home:p%2Fw@Example.org:8443/a%2Fb/?x=1");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->user, "me@home");
  EXPECT_EQ(url->password, "p/w");
  EXPECT_EQ(url->origin(), "https://Example.org:8443");
  EXPECT_EQ(url->path, "/a%2Fb/");
  EXPECT_EQ(url->query, "x=1");
}

TEST(Url, WithoutPathHasTheRoot) {
  const Result<Url> url = parse_url("http://[::1]:80");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->path, "/");
  EXPECT_EQ(url->authority(), "[::1]");
}

TEST(Url, RefusesOtherSchemesWithoutRepeatingAPassword) {
  for (const char* text : {"file:///etc/passwd", "ftp://u:hunter2@host/", "http://u:hunter2@",
                           "//u:hunter2@host", "", "https://u:hunter2@host:99999999/"}) {
    const Result<Url> url = parse_url(text);
    ASSERT_TRUE(failed_with(url, Code::Invalid)) << text;
    EXPECT_EQ(url.error().message().find("hunter2"), std::string::npos) << text;
  }
}

TEST(Url, IsShownWithoutSecrets) {
  EXPECT_EQ(without_secrets("https://u:p@host/a?token=t"), "https://host/a");
}

TEST(Url, EncodesAllButUnreserved) {
  EXPECT_EQ(percent_encode("a-._~Z9 /+ü"), "a-._~Z9%20%2F%2B%C3%BC");
  EXPECT_EQ(percent_encode("a b/c", "/"), "a%20b/c");
}

TEST(Url, DecodesWhatIsEncodedWhole) {
  EXPECT_EQ(percent_decode("a%2Fb+%c3%BC"), "a/b+ü");
  for (const char* cut : {"%", "a%2", "%zz", "%-1"}) EXPECT_EQ(percent_decode(cut), std::nullopt);
}

}  // namespace
}  // namespace firebreak
