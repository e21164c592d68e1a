// The examples of Amazon's own description, "Signature Calculations for the Authorization Header:
// Transferring Payload in a Single Chunk".
#include "backend/aws_signature.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

const AwsCredentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const WallTime kThen = std::chrono::sys_days(std::chrono::year(2013) / 5 / 24);

std::string header(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

// Its Authorization header from "SignedHeaders" on.
std::string signed_as(HttpRequest request, std::string_view body = "",
                      const AwsCredentials& credentials = kExample, WallTime now = kThen) {
  const Result<HttpRequest> signed_request =
      sign(std::move(request), sha256(as_bytes(body)), credentials, "us-east-1", now);
  if (!signed_request.ok()) return signed_request.error().message();
  const std::string text = header(*signed_request, "Authorization");
  const std::string begins =
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ";
  EXPECT_TRUE(now != kThen || text.starts_with(begins)) << text;
  return text.substr(begins.size());
}

TEST(AwsSignature, OfAPartOfAFile) {
  EXPECT_EQ(signed_as({.url = "https://examplebucket.s3.amazonaws.com/test.txt",
                       .headers = {{"Range", "bytes=0-9"}}}),
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature="
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(AwsSignature, OfAnUpload) {
  EXPECT_EQ(signed_as({.method = "PUT",
                       .url = "https://examplebucket.s3.amazonaws.com/test%24file.text",
                       .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                   {"x-amz-storage-class", " REDUCED_REDUNDANCY "}}},
                      "Welcome to Amazon S3."),
            "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
            "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(AwsSignature, OfQueries) {
  EXPECT_EQ(signed_as({.url = "https://examplebucket.s3.amazonaws.com/?lifecycle"}),
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  for (const char* query : {"max-keys=2&prefix=J", "prefix=J&max-keys=2"}) {
    EXPECT_EQ(signed_as({.url = std::string("https://examplebucket.s3.amazonaws.com/?") + query}),
              "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
        << query;
  }
}

TEST(AwsSignature, CoversASessionToken) {
  AwsCredentials temporary = kExample;
  temporary.session_token = "token";
  const HttpRequest request{.url = "http://127.0.0.1:9000/bucket/a"};
  const Result<HttpRequest> signed_request =
      sign(request, sha256({}), temporary, "us-east-1", kThen);
  ASSERT_TRUE(signed_request.ok());
  EXPECT_EQ(header(*signed_request, "x-amz-security-token"), "token");
  EXPECT_NE(header(*signed_request, "Authorization").find(";x-amz-security-token,"),
            std::string::npos);
  EXPECT_NE(signed_as(request), signed_as(request, "", temporary));
}

TEST(AwsSignature, SpellsTheTimeWithoutItsFraction) {
  const WallTime late = kThen + std::chrono::hours(23) + std::chrono::minutes(5) +
                        std::chrono::seconds(9) + std::chrono::nanoseconds(999'999'999);
  const Result<HttpRequest> signed_request =
      sign({.url = "http://host/"}, sha256({}), kExample, "us-east-1", late);
  ASSERT_TRUE(signed_request.ok());
  EXPECT_EQ(header(*signed_request, "x-amz-date"), "20130524T230509Z");
}

TEST(AwsSignature, RefusesWhatIsNoAddress) {
  EXPECT_TRUE(failed_with(sign({.url = "ftp://h/"}, sha256({}), kExample, "us-east-1", kThen),
                          Code::Invalid));
}

TEST(CanonicalQuery, SortsByNameThenValueAndGivesEachItsEquals) {
  EXPECT_EQ(canonical_query(""), "");
  EXPECT_EQ(canonical_query("a-b=1&a=2&a=1&uploads"), "a=1&a=2&a-b=1&uploads=");
  EXPECT_EQ(canonical_query("&b=x=y&&a="), "a=&b=x=y");
}

}  // namespace
}  // namespace firebreak
