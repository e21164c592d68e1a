#include "point/user_capture.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "base/file.h"
#include "net/google_credentials_file.h"
#include "net/loopback_server.h"
#include "point/record_tree.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

// A service that is no emulator, as far as the client can tell: it is shown a token.
class UserCaptureTest : public testing::Test {
 protected:
  UserCaptureTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  // What is asked in turn of each: the project's configuration, its tenants, the pages of its
  // users, and how many there are.
  struct Service {
    std::string config = R"({"signIn":{"hashConfig":{"algorithm":"SCRYPT","rounds":8}}})";
    std::string tenants = "{}";
    std::vector<std::string> pages;
    std::vector<int> counts{0};
    int tenants_status = 200;
  };

  Result<CapturedUsers> capture(Service service, bool is_emulator = false) {
    std::size_t page = 0;
    std::size_t counted = 0;
    const LoopbackServer server([&](const LoopbackRequest& request, LoopbackConnection& to) {
      const auto asks = [&](std::string_view what) {
        return request.target.find(what) != std::string::npos;
      };
      if (asks("/token")) return to.answer(200, R"({"access_token":"t","expires_in":3599})");
      if (asks("/tenants?")) return to.answer(service.tenants_status, service.tenants);
      if (asks("Configs?") || asks("Configs&")) return to.answer(200, "{}");
      if (asks("/config")) return to.answer(200, service.config);
      if (asks(":query")) {
        const int count = service.counts[std::min(counted++, service.counts.size() - 1)];
        return to.answer(200, fmt::format(R"({{"recordsCount":"{}"}})", count));
      }
      if (page < service.pages.size()) return to.answer(200, service.pages[page++]);
      to.answer(500, "");
    });
    const auto repository = made_.open();
    BlobSaver saver(*repository, {}, {});
    AuthClient::Options connection;
    connection.endpoint = server.url();
    if (!is_emulator) connection.credentials = credentials_of(server.url());
    AuthClient client("project", std::move(connection), clock_);
    UserCaptureProgress progress;
    Result<CapturedUsers> captured =
        capture_users(client, saver, CutRule(repository->config().chunker_polynomial),
                      testing::TempDir(), progress, clock_, {});
    if (captured.ok()) CHECK(saver.finish().ok());
    return captured;
  }

  std::unique_ptr<GoogleCredentials> credentials_of(const std::string& url) {
    const std::string folder = fmt::format("{}/users-{}", testing::TempDir(), getpid());
    std::filesystem::create_directories(folder);
    const std::string path = folder + "/credentials.json";
    const std::string file = fmt::format(
        R"({{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r",
             "token_uri":"{}/token"}})",
        url);
    CHECK(write_file(path, as_bytes(file)).ok());
    auto found = GoogleCredentials::find({{"GOOGLE_APPLICATION_CREDENTIALS", path}},
                                         {.scope = "s", .http = {}}, clock_);
    CHECK(found.ok());
    return *std::move(found);
  }

  std::vector<std::string> records(const CapturedUsers& captured) {
    const auto repository = made_.open();
    const RecordTree tree(*repository, captured.users, key_of_user_record);
    RecordTree::Cursor at = tree.records();
    EXPECT_TRUE(at.seek("").ok());
    std::vector<std::string> found;
    while (!at.is_at_end()) {
      found.emplace_back(as_text(at.record()));
      EXPECT_TRUE(at.next().ok());
    }
    return found;
  }

  TestRepository made_;
  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
};

TEST_F(UserCaptureTest, SortsPagesAndTakesWhatIsListedTwiceAsItWasLast) {
  const auto captured = capture(
      {.pages = {R"({"users":[{"localId":"b"},{"localId":"a","email":"old"}],"nextPageToken":"1"})",
                 R"({"users":[{"localId":"c"},{"localId":"a","email":"new"}],"nextPageToken":"2"})",
                 R"({"nextPageToken":"3"})"},
       .counts = {3}});
  ASSERT_TRUE(captured.ok()) << captured.error().message();
  EXPECT_EQ(captured->count, 3U);
  EXPECT_EQ(records(*captured),
            (std::vector<std::string>{R"({"email":"new","localId":"a"})", R"({"localId":"b"})",
                                      R"({"localId":"c"})"}));
}

TEST_F(UserCaptureTest, HiddenHashesAreNoSuccess) {
  const auto redacted = capture(
      {.pages = {R"({"users":[{"localId":"a","passwordHash":"UkVEQUNURUQ="}]})"}, .counts = {1}});
  ASSERT_TRUE(failed_with(redacted, Code::Denied));
  EXPECT_NE(redacted.error().message().find("firebaseauth.configs.getHashConfig"),
            std::string::npos);
  const std::string with_hash = R"({"users":[{"localId":"a","passwordHash":"abcd"}]})";
  EXPECT_TRUE(failed_with(
      capture({.config = R"({"signIn":{}})", .pages = {with_hash}, .counts = {1}}), Code::Denied));
  EXPECT_TRUE(capture({.pages = {with_hash}, .counts = {1}}).ok());
  // An emulator has none, and its users no passwords that matter.
  EXPECT_TRUE(
      capture({.config = R"({"signIn":{}})", .pages = {with_hash}, .counts = {1}}, true).ok());
}

TEST_F(UserCaptureTest, FewerThanTheServiceCountsAreNoSuccess) {
  const std::vector<std::string> pages{R"({"users":[{"localId":"a"}]})"};
  EXPECT_TRUE(failed_with(capture({.pages = pages, .counts = {2}}), Code::Io));
  // Created or deleted meanwhile.
  EXPECT_TRUE(capture({.pages = pages, .counts = {1, 2}}).ok());
  EXPECT_TRUE(capture({.pages = pages, .counts = {2, 1}}).ok());
}

TEST_F(UserCaptureTest, TenantsAreRefusedOnlyByAProjectThatHasNone) {
  const std::string refusal = R"({"error":{"code":400,"message":"OPERATION_NOT_ALLOWED"}})";
  const std::vector<std::string> pages{R"({"users":[]})"};
  EXPECT_TRUE(capture({.tenants = refusal, .pages = pages, .tenants_status = 400}).ok());
  EXPECT_TRUE(failed_with(capture({.config = R"({"multiTenant":{"allowTenants":true}})",
                                   .tenants = refusal,
                                   .pages = pages,
                                   .tenants_status = 400}),
                          Code::Invalid));
  EXPECT_TRUE(failed_with(capture({.tenants = refusal, .pages = pages, .tenants_status = 403}),
                          Code::Denied));
}

TEST_F(UserCaptureTest, OddAnswersAreErrors) {
  for (const char* page : {"[]", "{", R"({"users":[{"localId":7}]})", R"({"users":["a"]})"}) {
    EXPECT_TRUE(failed_with(capture({.pages = {page}}), Code::Corrupt)) << page;
  }
  const std::string stuck = R"({"users":[{"localId":"a"}],"nextPageToken":"1"})";
  EXPECT_TRUE(failed_with(capture({.pages = {stuck, stuck}}), Code::Io));
}

}  // namespace
}  // namespace firebreak
