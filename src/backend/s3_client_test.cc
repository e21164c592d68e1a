#include "backend/s3_client.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "backend/s3_fault.h"
#include "net/loopback_server.h"

namespace firebreak {
namespace {

// 2013-05-24T00:00:00Z, as this machine believes.
const WallTime kThen = std::chrono::sys_days(std::chrono::year(2013) / 5 / 24);

class S3ClientTest : public testing::Test {
 protected:
  S3ClientTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  void serve(LoopbackServer::Handler handler) {
    server_ = std::make_unique<LoopbackServer>(std::move(handler));
    client_ = std::make_unique<S3Client>(
        S3Access{.https = false,
                 .host = server_->url().substr(std::string("http://").size()),
                 .credentials = {"ID", "secret"}},
        HttpOptions{}, clock_);
  }

  HttpResponse send(const HttpRequest& request, std::string_view body = "") {
    Result<HttpResponse> response = client_->send(request, as_bytes(body), {});
    CHECK(response.ok());
    return *std::move(response);
  }

  std::string seen(std::size_t request, std::string_view header) const {
    const auto headers = server_->requests().at(request).headers;
    const auto found = headers.find(std::string(header));
    return found == headers.end() ? "" : found->second;
  }

  FakeClock clock_{kThen};
  std::unique_ptr<LoopbackServer> server_;
  std::unique_ptr<S3Client> client_;
};

void refuse(LoopbackConnection& to, int status, std::string_view fault,
            std::string_view headers = "") {
  to.answer(status, fmt::format("<Error>{}</Error>", fault), headers);
}

TEST_F(S3ClientTest, LearnsTheRegionOnceForAll) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    const std::string& signature = request.headers.at("authorization");
    if (signature.find("/eu-west-1/") != signature.npos) return to.answer(200, request.body);
    refuse(to, 400, "<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region>");
  });
  EXPECT_EQ(to_text(send({.method = "PUT", .url = "/b/k"}, "text").body), "text");
  EXPECT_EQ(server_->requests().size(), 2U);
  EXPECT_EQ(client_->region(), "eu-west-1");
  EXPECT_TRUE(send({.url = "/b/k"}).ok());
  EXPECT_EQ(server_->requests().size(), 3U);
}

TEST_F(S3ClientTest, ARegionThatDoesNotHelpIsTriedOnce) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) {
    refuse(to, 400, "<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region>");
  });
  EXPECT_EQ(send({.url = "/b/k"}).status, 400);
  EXPECT_EQ(server_->requests().size(), 2U);
}

TEST_F(S3ClientTest, AHostOfAnotherRegionIsNotAskedAgain) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) {
    refuse(to, 301, "<Code>PermanentRedirect</Code>", "x-amz-bucket-region: eu-west-1\r\n");
  });
  EXPECT_EQ(send({.url = "/b/k"}).status, 301);
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST(S3Host, IsTheRegionsWhereTheBucketLiesElsewhere) {
  EXPECT_EQ(s3_host("s3.amazonaws.com", "us-east-1"), "s3.amazonaws.com");
  EXPECT_EQ(s3_host("s3.amazonaws.com", "eu-west-1"), "s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(s3_host("s3.example.com", "eu-west-1"), "s3.example.com");
}

TEST_F(S3ClientTest, AllowsForAClockThatIsOff) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.headers.at("x-amz-date").starts_with("20130524T0230")) return to.answer(200, "");
    refuse(to, 403, "<Code>RequestTimeTooSkewed</Code>", "Date: Fri, 24 May 2013 02:30:00 GMT\r\n");
  });
  EXPECT_TRUE(send({.method = "PUT", .url = "/b/k"}, "text").ok());
  EXPECT_EQ(seen(0, "x-amz-date"), "20130524T000000Z");
  EXPECT_EQ(seen(1, "x-amz-date"), "20130524T023000Z");
  clock_.advance(std::chrono::seconds(5));
  EXPECT_TRUE(send({.url = "/b/k"}).ok());
  EXPECT_EQ(seen(2, "x-amz-date"), "20130524T023005Z");
  EXPECT_EQ(server_->requests().size(), 3U);
}

TEST_F(S3ClientTest, AClockThatCannotBeAllowedForIsNamed) {
  std::string date = "Date: Fri, 24 May 2013 02:30:00 GMT\r\n";
  serve([&](const LoopbackRequest&, LoopbackConnection& to) {
    refuse(to, 403, "<Code>RequestTimeTooSkewed</Code>", date);
  });
  const Error failure = s3_error(send({.url = "/b/k"}));
  EXPECT_EQ(failure.code(), Code::Unauthenticated);
  EXPECT_NE(failure.message().find("clock"), std::string::npos) << failure.message();
  EXPECT_EQ(server_->requests().size(), 2U);
  date.clear();
  EXPECT_EQ(send({.url = "/b/k"}).status, 403);
  EXPECT_EQ(server_->requests().size(), 3U);
}

TEST_F(S3ClientTest, AsksWhyAHeadIsRefused) {
  std::string why = "ExpiredToken";
  int status = 400;
  serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "HEAD") {
      to.write(fmt::format("HTTP/1.1 {} No\r\nContent-Length: 99\r\n\r\n", status));
    } else if (why.empty()) {
      to.answer(206, "t");
    } else {
      refuse(to, status, fmt::format("<Code>{}</Code>", why));
    }
  });
  const HttpRequest head{.method = "HEAD", .url = "/b/k"};
  EXPECT_EQ(s3_error(send(head)).code(), Code::Unauthenticated);
  EXPECT_EQ(seen(1, "range"), "bytes=0-0");
  status = 403;
  why = "InvalidAccessKeyId";
  EXPECT_EQ(s3_error(send(head)).code(), Code::Unauthenticated);
  why = "AccessDenied";
  EXPECT_EQ(s3_error(send(head)).code(), Code::Denied);
  why.clear();
  EXPECT_EQ(send(head).status, 403);
  status = 404;
  const std::size_t before = server_->requests().size();
  EXPECT_EQ(send(head).status, 404);
  EXPECT_EQ(server_->requests().size(), before + 1);
}

// Even a refused HEAD teaches.
TEST_F(S3ClientTest, LearnsFromAHead) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    const std::string& signature = request.headers.at("authorization");
    if (signature.find("/eu-west-1/") != signature.npos) return to.answer(200, "");
    if (request.method == "HEAD") {
      to.write("HTTP/1.1 400 No\r\n\r\n");
      return;
    }
    refuse(to, 400, "<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region>");
  });
  EXPECT_TRUE(send({.method = "HEAD", .url = "/b/k"}).ok());
  EXPECT_EQ(server_->requests().size(), 3U);
}

}  // namespace
}  // namespace firebreak
