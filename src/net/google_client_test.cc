#include "net/google_client.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "net/loopback_server.h"

namespace firebreak {
namespace {

class GoogleClientTest : public testing::Test {
 protected:
  GoogleClientTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  // A service that takes the tokens from `first_good_` on, beside a metadata server.
  void serve(const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.target.starts_with("/computeMetadata/")) {
      return to.answer(200, fmt::format(R"({{"access_token":"{}","expires_in":3600}})", ++tokens_),
                       "Metadata-Flavor: Google\r\n");
    }
    const auto token = request.headers.find("authorization");
    if (token == request.headers.end()) return to.answer(200, "anonymous");
    const int number = std::stoi(token->second.substr(std::string("Bearer ").size()));
    if (number < first_good_) return to.answer(401, "who?");
    to.answer(200, request.body);
  }
  std::unique_ptr<GoogleCredentials> credentials() {
    auto found = GoogleCredentials::find(
        {{"GCE_METADATA_HOST", server_.url().substr(7)}, {"GOOGLE_CLOUD_QUOTA_PROJECT", "billed"}},
        {.scope = "s"}, clock_);
    CHECK(found.ok());
    return *std::move(found);
  }
  HttpResponse post(GoogleClient& client) {
    Result<HttpResponse> response = client.send(
        {.method = "POST", .url = server_.url() + "/service"}, as_bytes("body"), {}, {});
    CHECK(response.ok());
    return *std::move(response);
  }

  FakeClock clock_{WallTime{}};
  int tokens_ = 0;
  int first_good_ = 1;
  LoopbackServer server_{
      [this](const LoopbackRequest& request, LoopbackConnection& to) { serve(request, to); }};
};

TEST_F(GoogleClientTest, SignsItsRequests) {
  GoogleClient client(credentials(), {});
  EXPECT_EQ(as_text(post(client).body), "body");
  const LoopbackRequest seen = server_.requests().at(1);
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer 1");
  EXPECT_EQ(seen.headers.at("x-goog-user-project"), "billed");
}

TEST_F(GoogleClientTest, ARefusedTokenIsReplacedOnce) {
  GoogleClient client(credentials(), {});
  first_good_ = 2;
  EXPECT_EQ(as_text(post(client).body), "body");
  EXPECT_EQ(server_.requests().size(), 4U);
  first_good_ = 9;
  EXPECT_EQ(post(client).status, 401);
  EXPECT_EQ(server_.requests().size(), 7U);
  EXPECT_EQ(tokens_, 3);
}

TEST_F(GoogleClientTest, WithoutCredentialsItSendsNone) {
  GoogleClient client(nullptr, {});
  EXPECT_EQ(as_text(post(client).body), "anonymous");
}

}  // namespace
}  // namespace firebreak
