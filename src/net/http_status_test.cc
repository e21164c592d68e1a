#include "net/http_status.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

HttpResponse answer(int status, std::map<std::string, std::string, std::less<>> headers = {}) {
  return {status, std::move(headers), {}};
}

TEST(HttpStatus, BecomesTheCodeACallerReactsTo) {
  const std::map<int, Code> codes = {
      {301, Code::Io},          {400, Code::Io},          {401, Code::Unauthenticated},
      {403, Code::Denied},      {404, Code::NotFound},    {408, Code::Unavailable},
      {409, Code::Conflict},    {412, Code::Conflict},    {416, Code::Io},
      {429, Code::Unavailable}, {500, Code::Unavailable}, {501, Code::Io},
      {502, Code::Unavailable}, {503, Code::Unavailable}, {504, Code::Unavailable},
      {507, Code::Exhausted}};
  for (const auto& [status, code] : codes) {
    EXPECT_EQ(status_error(answer(status), "").code(), code) << status;
  }
}

TEST(HttpStatus, CarriesTheWaitOfAThrottledAnswerOnly) {
  EXPECT_EQ(status_error(answer(429, {{"retry-after", "7"}}), "").retry_after(), seconds(7));
  EXPECT_EQ(status_error(answer(403, {{"retry-after", "7"}}), "").retry_after(), std::nullopt);
}

TEST(HttpStatus, TellsWhatTheServerSaidBoundedAndPrintable) {
  const Error failure = status_error(answer(400), "a\x1b[2J\r\n\tb " + std::string(5000, 'x'));
  EXPECT_NE(failure.message().find("a\\x1b[2J b xxx"), std::string::npos) << failure.message();
  EXPECT_LT(failure.message().size(), 400U);
}

TEST(HttpStatus, NamesARedirectionWithoutItsSignature) {
  const Error failure =
      status_error(answer(302, {{"location", "https://u:p@other/x?signature=s"}}), "");
  EXPECT_NE(failure.message().find("https://other/x"), std::string::npos) << failure.message();
  EXPECT_EQ(failure.message().find("signature"), std::string::npos);
}

TEST(RetryAfter, IsReadInSeconds) {
  const auto wait = [](const char* text) {
    return retry_after(answer(503, {{"retry-after", text}}));
  };
  EXPECT_EQ(wait("0"), seconds(0));
  EXPECT_EQ(wait("120"), seconds(120));
  EXPECT_EQ(wait("-5"), seconds(0));
  EXPECT_EQ(wait("99999999"), std::chrono::hours(24));
  EXPECT_EQ(wait("99999999999999999999999"), std::chrono::hours(24));
  for (const char* text : {"", "soon", "1.5", "12 apples"}) EXPECT_EQ(wait(text), std::nullopt);
  EXPECT_EQ(retry_after(answer(503)), std::nullopt);
}

TEST(RetryAfter, CountsADateFromTheAnswersOwn) {
  const auto wait = [](const char* until) {
    return retry_after(
        answer(503, {{"date", "Fri, 31 Dec 1999 23:59:00 GMT"}, {"retry-after", until}}));
  };
  EXPECT_EQ(wait("Fri, 31 Dec 1999 23:59:59 GMT"), seconds(59));
  EXPECT_EQ(wait("Fri, 31 Dec 1999 23:00:00 GMT"), seconds(0));
  EXPECT_EQ(wait("Fri, 31 Dec 2099 23:00:00 GMT"), std::chrono::hours(24));
  EXPECT_EQ(retry_after(answer(503, {{"retry-after", "Fri, 31 Dec 1999 23:59:59 GMT"}})),
            std::nullopt);
}

TEST(ServerTime, IsTheAnswersDate) {
  EXPECT_EQ(server_time(answer(403, {{"date", "Fri, 24 May 2013 00:00:07 GMT"}})),
            std::chrono::sys_days(std::chrono::year(2013) / 5 / 24) + seconds(7));
  EXPECT_EQ(server_time(answer(403, {{"date", "yesterday"}})), std::nullopt);
  EXPECT_EQ(server_time(answer(403)), std::nullopt);
}

}  // namespace
}  // namespace firebreak
