#include "net/http_client.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "net/loopback_server.h"

namespace firebreak {
namespace {

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  LoopbackServer& serve(LoopbackServer::Handler handler) {
    server_ = std::make_unique<LoopbackServer>(std::move(handler));
    return *server_;
  }
  Result<HttpResponse> send(HttpRequest request, std::string_view body = {},
                            std::stop_token stop = {}) {
    request.url = server_->url() + (request.url.empty() ? "/" : request.url);
    return client_.send(request, as_bytes(body), {}, stop);
  }

  HttpClient client_{{.connect_timeout = std::chrono::seconds(5),
                      .stall_timeout = std::chrono::seconds(1),
                      .ca_file = {}}};
  std::unique_ptr<LoopbackServer> server_;
};

TEST_F(HttpClientTest, SendsAndReceivesAnyBytes) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    to.answer(200, request.body, "X-Name:  Value \r\n");
  });
  const std::string body("a\0b\r\n\xff", 6);
  for (const char* method : {"POST", "PUT"}) {
    const Result<HttpResponse> response =
        send({.method = method, .url = "/a/../b?c=%2F", .headers = {{"x-sent", "1"}}}, body);
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->header("x-name"), "Value");
    EXPECT_EQ(as_text(response->body), body);
  }
  const std::vector<LoopbackRequest> seen = server_->requests();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[1].method, "PUT");
  EXPECT_EQ(seen[0].target, "/a/../b?c=%2F");
  EXPECT_EQ(seen[0].headers.at("x-sent"), "1");
  EXPECT_FALSE(seen[0].headers.contains("expect"));
}

TEST_F(HttpClientTest, SendsALargeBodyWhole) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    to.answer(200, fmt::format("{} {}", request.body.size(), request.body.back()));
  });
  std::string body(20 << 20, 'x');
  body.back() = 'y';
  const Result<HttpResponse> response = send({.method = "PUT"}, body);
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(as_text(response->body), fmt::format("{} y", body.size()));
}

TEST_F(HttpClientTest, SendsTheHeadAndTheTailOfABody) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    to.answer(200, request.body,
              fmt::format("x-length: {}\r\n", request.headers.at("content-length")));
  });
  const std::string head(300'000, 'h');
  const std::string body(300'000, 'b');
  const std::string tail(300'000, 't');
  const HttpRequest request{.method = "POST", .body_head = head, .body_tail = tail};
  const Result<HttpResponse> whole = send(request, body);
  ASSERT_TRUE(whole.ok()) << whole.error().message();
  EXPECT_EQ(whole->header("x-length"), "900000");
  EXPECT_TRUE(as_text(whole->body) == head + body + tail);
  const Result<HttpResponse> hollow = send(request);
  ASSERT_TRUE(hollow.ok()) << hollow.error().message();
  EXPECT_TRUE(as_text(hollow->body) == head + tail);
}

TEST_F(HttpClientTest, EmptyPostHasALength) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    to.answer(200, request.headers.at("content-length"));
  });
  const Result<HttpResponse> response = send({.method = "POST"});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(as_text(response->body), "0");
}

TEST_F(HttpClientTest, KeepsTheConnection) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) { to.answer(404, "no"); });
  for (const char* method : {"GET", "DELETE", "POST"}) {
    ASSERT_TRUE(send({.method = method}).ok());
  }
  for (const LoopbackRequest& request : server_->requests()) EXPECT_EQ(request.connection, 1U);
}

TEST_F(HttpClientTest, HeadTellsTheLength) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) {
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n");
  });
  const Result<HttpResponse> response = send({.method = "HEAD"});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->content_length(), 5'000'000'000U);
  EXPECT_TRUE(response->body.empty());
}

TEST_F(HttpClientTest, ReusesTheBuffer) {
  LoopbackServer& server =
      serve([](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, "new"); });
  Bytes buffer(1000);
  const std::byte* const storage = buffer.data();
  const Result<HttpResponse> response =
      client_.send({.url = server.url() + "/"}, {}, std::move(buffer), {});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(as_text(response->body), "new");
  EXPECT_EQ(response->body.data(), storage);
}

TEST_F(HttpClientTest, TakesADribblingChunkedBody) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) {
    to.write("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\n");
    to.write("Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 300; ++i) to.write("1\r\nx\r\n");
    to.write("0\r\n\r\n");
  });
  const Result<HttpResponse> response = send({});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(as_text(response->body), std::string(300, 'x'));
  EXPECT_EQ(response->header("x-early"), "");
}

TEST_F(HttpClientTest, ACutAnswerIsUnavailableOrUnknown) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.target == "/half") to.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    to.cut();
  });
  for (const char* url : {"/none", "/half"}) {
    for (const char* method : {"GET", "DELETE"}) {
      EXPECT_TRUE(failed_with(send({.method = method, .url = url}), Code::Unavailable));
    }
    for (const char* method : {"POST", "PUT"}) {
      const HttpRequest request{.method = method, .url = url};
      EXPECT_TRUE(failed_with(send(request, "body"), Code::UnknownOutcome)) << method << url;
      EXPECT_TRUE(failed_with(send(request), Code::UnknownOutcome)) << method << url;
    }
    EXPECT_TRUE(failed_with(send({.method = "PUT", .url = url, .repeatable = true}, "body"),
                            Code::Unavailable));
  }
}

// Sent again by libcurl, the second could be refused for what the first had done.
TEST_F(HttpClientTest, DoesNotSendABodyTwiceWhereAKeptConnectionBreaks) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.target == "/first") {
      to.answer(200, "");
    } else {
      to.cut();
    }
  });
  ASSERT_TRUE(send({.url = "/first"}).ok());
  EXPECT_TRUE(failed_with(send({.method = "PUT", .url = "/second"}, "body"), Code::UnknownOutcome));
  EXPECT_EQ(server_->requests().size(), 2U);
}

TEST_F(HttpClientTest, NobodyListeningIsUnavailableForAPutToo) {
  std::string url;
  {
    const LoopbackServer gone([](const LoopbackRequest&, LoopbackConnection&) {});
    url = gone.url();
  }
  const Result<HttpResponse> response =
      client_.send({.method = "PUT", .url = url + "/?secret=1"}, as_bytes("x"), {}, {});
  ASSERT_TRUE(failed_with(response, Code::Unavailable));
  EXPECT_EQ(response.error().message().find("secret"), std::string::npos);
}

TEST_F(HttpClientTest, AStalledAnswerEnds) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) {
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    to.wait_for_close();
  });
  EXPECT_TRUE(failed_with(send({}), Code::Unavailable));
}

TEST_F(HttpClientTest, AnAnswerAboveTheLimitIsRefused) {
  serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.target == "/endless") {
      to.write("HTTP/1.1 200 OK\r\n\r\n");
      while (to.write(std::string(1 << 16, 'x'))) {
      }
    } else {
      to.answer(200, std::string(1000, 'x'));
    }
  });
  EXPECT_TRUE(send({.answer_size_max = 1000}).ok());
  EXPECT_TRUE(failed_with(send({.answer_size_max = 999}), Code::Exhausted));
  EXPECT_TRUE(failed_with(send({.url = "/endless"}), Code::Exhausted));
}

TEST_F(HttpClientTest, AnEndlessErrorIsCut) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) {
    to.write("HTTP/1.1 500 Oh\r\n\r\n");
    while (to.write(std::string(1 << 16, 'x'))) {
    }
  });
  const Result<HttpResponse> response = send({.answer_size_max = 1});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body.size(), 64U << 10);
}

TEST_F(HttpClientTest, RefusalBeforeTheWholeBodyIsAnAnswer) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) {
    to.answer(403, "no", "Connection: close\r\n");
    to.cut();
  });
  const Result<HttpResponse> response = send({.method = "PUT"}, std::string(1 << 20, 'x'));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 403);
}

TEST_F(HttpClientTest, FollowsNoRedirection) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) {
    to.answer(302, "", "Location: /elsewhere\r\n");
  });
  const Result<HttpResponse> response = send({});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(HttpClientTest, StopsInTheMiddle) {
  std::stop_source source;
  serve([&](const LoopbackRequest&, LoopbackConnection& to) {
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    source.request_stop();
    to.wait_for_close();
  });
  EXPECT_TRUE(failed_with(send({}, {}, source.get_token()), Code::Canceled));
  EXPECT_TRUE(failed_with(send({.method = "PUT"}, "x", source.get_token()), Code::Canceled));
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(HttpClientTest, ADirectClientUsesNoProxy) {
  serve([](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, "direct"); });
  const LoopbackServer proxy(
      [](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, "proxy"); });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::unsetenv("no_proxy");
  const HttpRequest request{.url = server_->url() + "/"};
  HttpClient direct({.direct = true});
  const Result<HttpResponse> plain = client_.send(request, {}, {}, {});
  const Result<HttpResponse> answer = direct.send(request, {}, {}, {});
  ::unsetenv("http_proxy");
  ASSERT_TRUE(plain.ok() && answer.ok());
  EXPECT_EQ(as_text(plain->body), "proxy");
  EXPECT_EQ(as_text(answer->body), "direct");
}

TEST_F(HttpClientTest, RefusesOtherProtocolsAndBrokenHeaders) {
  const auto sent = [&](const HttpRequest& request) { return client_.send(request, {}, {}, {}); };
  EXPECT_TRUE(failed_with(sent({.url = "file:///etc/passwd"}), Code::Invalid));
  EXPECT_TRUE(failed_with(sent({.url = "http://127.0.0.1/", .headers = {{"a", "b\r\nc: d"}}}),
                          Code::Invalid));
}

}  // namespace
}  // namespace firebreak
