#include "net/google_status.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

std::string failure(int status, std::string body, std::string retry_after = {}) {
  HttpResponse response;
  response.status = status;
  response.body = to_bytes(body);
  if (!retry_after.empty()) response.headers["retry-after"] = retry_after;
  const Error error = google_error(response);
  std::string text = fmt::format("{}: {}", name(error.code()), error.message());
  if (error.retry_after()) text += fmt::format(" after {}", error.retry_after()->count());
  return text;
}

TEST(GoogleStatus, TellsTheReasonOfBothGenerations) {
  EXPECT_EQ(failure(403, R"({"error":{"code":403,"message":"No access.","errors":[)"
                         R"({"domain":"global","reason":"forbidden","message":"No access."}]}})"),
            "denied: the server answered 403 (forbidden: No access.)");
  EXPECT_EQ(failure(403, R"({"error":{"code":403,"message":"Not on.","status":"PERMISSION_DENIED",)"
                         R"("details":[{"@type":"x"},{"reason":"SERVICE_DISABLED"}]}})"),
            "denied: the server answered 403 (SERVICE_DISABLED: Not on.)");
  EXPECT_EQ(failure(404, R"({"error":{"message":"None.","status":"NOT_FOUND"}})"),
            "not found: the server answered 404 (NOT_FOUND: None.)");
}

TEST(GoogleStatus, TakesWhatIsNoSuchJsonAsText) {
  EXPECT_EQ(failure(404, "No such object: b/o"),
            "not found: the server answered 404 (No such object: b/o)");
  EXPECT_EQ(failure(500, R"({"error":"x"})"),
            R"(unavailable: the server answered 500 ({"error":"x"}))");
  EXPECT_EQ(failure(412, ""), "conflict: the server answered 412");
}

TEST(GoogleStatus, CallingTooOftenMayBeDoneLater) {
  for (const char* reason : {"rateLimitExceeded", "userRateLimitExceeded"}) {
    const std::string body = fmt::format(
        R"({{"error":{{"message":"slow down","errors":[{{"reason":"{}"}}]}}}})", reason);
    EXPECT_EQ(
        failure(403, body, "7"),
        fmt::format("unavailable: the server answered 403 ({}: slow down) after 7000", reason));
    EXPECT_TRUE(failure(403, body).ends_with("slow down)"));
  }
}

}  // namespace
}  // namespace firebreak
