#include "backend/s3_fault.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

HttpResponse refusal(int status, const std::string& word, const std::string& more = "") {
  return {status, {}, to_bytes(fmt::format("<Error><Code>{}</Code>{}</Error>", word, more))};
}

TEST(S3Fault, MeansWhatACallerCanDoAboutIt) {
  const struct {
    int status;
    const char* word;
    Code code;
  } meanings[] = {
      {503, "SlowDown", Code::Unavailable},
      {429, "TooManyRequests", Code::Unavailable},
      {500, "InternalError", Code::Unavailable},
      {400, "RequestTimeout", Code::Unavailable},
      {400, "IncompleteBody", Code::Unavailable},
      {400, "BadDigest", Code::Unavailable},
      {409, "ConditionalRequestConflict", Code::Unavailable},
      {409, "OperationAborted", Code::Unavailable},
      {404, "NoSuchUpload", Code::Unavailable},
      {412, "PreconditionFailed", Code::Conflict},
      {409, "BucketAlreadyExists", Code::Conflict},
      {403, "AccessDenied", Code::Denied},
      {403, "InvalidObjectState", Code::Denied},
      {403, "SignatureDoesNotMatch", Code::Unauthenticated},
      {403, "InvalidAccessKeyId", Code::Unauthenticated},
      {403, "RequestTimeTooSkewed", Code::Unauthenticated},
      {400, "ExpiredToken", Code::Unauthenticated},
      {400, "InvalidToken", Code::Unauthenticated},
      {400, "AuthorizationHeaderMalformed", Code::Unauthenticated},
      {404, "NoSuchKey", Code::NotFound},
      {404, "NoSuchBucket", Code::NotFound},
      {403, "QuotaExceeded", Code::Exhausted},
      {507, "XMinioStorageFull", Code::Exhausted},
      {400, "XAmzContentSHA256Mismatch", Code::Corrupt},
      {400, "InvalidBucketName", Code::Invalid},
      {400, "SomethingNew", Code::Io},
      {403, "SomethingNew", Code::Denied},
  };
  for (const auto& [status, word, code] : meanings) {
    const Error failure = s3_error(refusal(status, word));
    EXPECT_EQ(name(failure.code()), name(code)) << word;
    EXPECT_NE(failure.message().find(word), std::string::npos) << failure.message();
  }
}

TEST(S3Fault, WithoutAWordTheStatusCounts) {
  EXPECT_EQ(s3_error({503, {}, to_bytes("<html>down</html>")}).code(), Code::Unavailable);
  EXPECT_EQ(s3_error({404, {}, {}}).code(), Code::NotFound);
  EXPECT_NE(s3_error({502, {}, to_bytes("bad gateway")}).message().find("bad gateway"),
            std::string::npos);
}

TEST(S3Fault, KeepsWhatRetryAfterAsks) {
  for (const auto& [status, word] :
       {std::pair(503, "SlowDown"), std::pair(429, "TooManyRequests"), std::pair(503, "")}) {
    HttpResponse response = refusal(status, word);
    response.headers["retry-after"] = "7";
    EXPECT_EQ(s3_error(response).retry_after(), std::chrono::seconds(7)) << word;
  }
}

TEST(S3Fault, SaysTheWayOutAndShowsNoSecrets) {
  HttpResponse skewed = refusal(403, "RequestTimeTooSkewed");
  skewed.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  const std::string text = s3_error(skewed).message();
  EXPECT_NE(text.find("time is Fri, 24 May 2013 00:00:00 GMT"), std::string::npos) << text;
  EXPECT_NE(text.find("set this machine's clock"), std::string::npos) << text;
  const Error unsigned_error = s3_error(refusal(
      403, "SignatureDoesNotMatch", "<Message>no</Message><StringToSign>hush</StringToSign>"));
  EXPECT_NE(unsigned_error.message().find("check AWS_SECRET_ACCESS_KEY"), std::string::npos);
  EXPECT_EQ(unsigned_error.message().find("hush"), std::string::npos);
}

TEST(S3Fault, NamesTheHostOfABucketThatLiesElsewhere) {
  HttpResponse moved = refusal(301, "PermanentRedirect");
  moved.headers["x-amz-bucket-region"] = "eu-west-1";
  const Error failure = s3_error(moved);
  EXPECT_EQ(failure.code(), Code::Invalid);
  EXPECT_NE(failure.message().find("s3.eu-west-1.amazonaws.com"), std::string::npos);
}

TEST(S3Fault, BelievesNoRegionThatIsNone) {
  const auto region = [](const std::string& text) {
    return wanted_region({400, {}, {}}, {"AuthorizationHeaderMalformed", "", text});
  };
  EXPECT_EQ(region("us-gov-east-1"), "us-gov-east-1");
  for (const char* text : {"", "a/b", "evil.example", "a\r\nb", "A", "a b"}) {
    EXPECT_EQ(region(text), "") << text;
  }
  EXPECT_EQ(region(std::string(41, 'a')), "");
}

}  // namespace
}  // namespace firebreak
