// Against stand-ins for Google's token endpoint and metadata server, which answer only what the
// real ones are asked in the real way.
#include "net/google_credentials.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "base/task_group.h"
#include "base/text.h"
#include "net/google_json.h"
#include "net/loopback_server.h"

namespace firebreak {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr char kScope[] = "https://www.googleapis.com/auth/devstorage.read_write";

std::string new_rsa_key() {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}), EVP_PKEY_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string from_base64url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text += '=';
  return to_text(*from_base64(text));
}

class GoogleCredentialsTest : public testing::Test {
 protected:
  GoogleCredentialsTest() {
    ::setenv("no_proxy", "127.0.0.1", 1);
    std::string pattern = std::filesystem::temp_directory_path() / "firebreak-google-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~GoogleCredentialsTest() override { std::filesystem::remove_all(folder_); }

  // Hands out "token-1", "token-2", … of this lifetime, unless `answer_` is set.
  void endpoint(const LoopbackRequest&, LoopbackConnection& to) {
    if (!answer_.empty()) return to.answer(status_, answer_, "Metadata-Flavor: Google\r\n");
    to.answer(200,
              fmt::format(R"({{"access_token":"token-{}","expires_in":{},"token_type":"Bearer"}})",
                          ++tokens_, lifetime_.count()),
              "Metadata-Flavor: Google\r\n");
  }
  void refuse(int status, std::string answer) {
    status_ = status;
    answer_ = std::move(answer);
  }

  json service_account() {
    static const std::string key = new_rsa_key();
    return {{"type", "service_account"},
            {"client_email", "me@project.iam.gserviceaccount.com"},
            {"private_key_id", "key-1"},
            {"private_key", key},
            {"token_uri", server_.url() + "/token"}};
  }
  json user() {
    return {{"type", "authorized_user"},        {"client_id", "an id"},
            {"client_secret", "client+secret"}, {"refresh_token", "1//refresh"},
            {"quota_project_id", "billed"},     {"token_uri", server_.url() + "/token"}};
  }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    EXPECT_TRUE(write_file(path, as_bytes(text)).ok());
    return path;
  }
  auto find(const Environment& environment) {
    return GoogleCredentials::find(environment, {.scope = kScope}, clock_);
  }
  std::unique_ptr<GoogleCredentials> found(const json& file) {
    auto result = find({{"GOOGLE_APPLICATION_CREDENTIALS", write("key.json", file.dump())}});
    CHECK(result.ok());
    return *std::move(result);
  }
  static std::string said(const Result<std::string>& token) {
    return token.ok() ? *token
                      : fmt::format("<{}> {}", name(token.error().code()), token.error().message());
  }

  FakeClock clock_{WallTime(seconds(1'800'000'000))};
  std::string folder_;
  seconds lifetime_{3600};
  int tokens_ = 0;
  int status_ = 400;
  std::string answer_;
  LoopbackServer server_{
      [this](const LoopbackRequest& request, LoopbackConnection& to) { endpoint(request, to); }};
};

TEST_F(GoogleCredentialsTest, AServiceAccountSignsForItsToken) {
  const auto credentials = found(service_account());
  EXPECT_EQ(said(credentials->token({})), "token-1");
  EXPECT_EQ(credentials->who(), "the service account me@project.iam.gserviceaccount.com");
  const LoopbackRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.headers.at("content-type"), "application/x-www-form-urlencoded");
  const std::string form =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  ASSERT_TRUE(seen.body.starts_with(form));
  const std::string jwt = seen.body.substr(form.size());
  const std::size_t first = jwt.find('.');
  const std::size_t second = jwt.find('.', first + 1);
  EXPECT_EQ(json::parse(from_base64url(jwt.substr(0, first))),
            (json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "key-1"}}));
  EXPECT_EQ(json::parse(from_base64url(jwt.substr(first + 1, second - first - 1))),
            (json{{"iss", "me@project.iam.gserviceaccount.com"},
                  {"scope", kScope},
                  {"aud", server_.url() + "/token"},
                  {"iat", 1'800'000'000},
                  {"exp", 1'800'003'600}}));
  // The signature is deterministic, and rs256_test verifies it by the public half.
  const std::string pem = service_account()["private_key"];
  const Result<Bytes> signature =
      Rs256Key::parse_pem(pem)->sign(as_bytes(std::string_view(jwt).substr(0, second)));
  EXPECT_EQ(jwt.substr(second + 1), to_base64url(*signature));
}

TEST_F(GoogleCredentialsTest, AUserRefreshes) {
  const auto credentials = found(user());
  EXPECT_EQ(said(credentials->token({})), "token-1");
  EXPECT_EQ(credentials->quota_project(), "billed");
  EXPECT_EQ(server_.requests().at(0).body,
            "grant_type=refresh_token&client_id=an%20id&client_secret=client%2Bsecret&"
            "refresh_token=1%2F%2Frefresh");
}

TEST_F(GoogleCredentialsTest, ATokenIsKeptUntilShortlyBeforeItsEnd) {
  const auto credentials = found(user());
  EXPECT_EQ(said(credentials->token({})), "token-1");
  clock_.advance(seconds(3600 - 301));
  EXPECT_EQ(said(credentials->token({})), "token-1");
  clock_.jump(-std::chrono::hours(1000));  // an operator sets the calendar
  clock_.advance(seconds(2));
  EXPECT_EQ(said(credentials->token({})), "token-2");
  lifetime_ = seconds(10);
  credentials->refuse("token-2");
  EXPECT_EQ(said(credentials->token({})), "token-3");
  clock_.advance(seconds(4));
  EXPECT_EQ(said(credentials->token({})), "token-3");
  clock_.advance(seconds(2));
  EXPECT_EQ(said(credentials->token({})), "token-4");
}

TEST_F(GoogleCredentialsTest, ARefusedTokenIsNotHandedOutAgain) {
  const auto credentials = found(user());
  EXPECT_EQ(said(credentials->token({})), "token-1");
  credentials->refuse("token-0");  // an old one's refusal came late
  EXPECT_EQ(said(credentials->token({})), "token-1");
  credentials->refuse("token-1");
  EXPECT_EQ(said(credentials->token({})), "token-2");
}

TEST_F(GoogleCredentialsTest, WhileTheOldTokenIsGoodAFailedRefreshDoesNoHarm) {
  const auto credentials = found(user());
  EXPECT_EQ(said(credentials->token({})), "token-1");
  clock_.advance(seconds(3600 - 60));
  refuse(503, "later");
  EXPECT_EQ(said(credentials->token({})), "token-1");
  EXPECT_EQ(said(credentials->token({})), "token-1");
  EXPECT_EQ(server_.requests().size(), 2U);  // not at every call
  clock_.advance(seconds(60));
  EXPECT_TRUE(failed_with(credentials->token({}), Code::Unavailable));
  answer_.clear();
  EXPECT_EQ(said(credentials->token({})), "token-2");
}

TEST_F(GoogleCredentialsTest, ManyThreadsAskOnce) {
  const auto credentials = found(user());
  TaskGroup group;
  for (int thread = 0; thread < 8; ++thread) {
    group.run([&](std::stop_token stop) -> Result<void> {
      EXPECT_EQ(said(credentials->token(stop)), "token-1");
      return {};
    });
  }
  EXPECT_TRUE(group.wait().ok());
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(GoogleCredentialsTest, SaysWhyAndNothingSecret) {
  const auto account = found(service_account());
  const auto user = found(this->user());
  const auto failure = [&](int status, const std::string& answer) {
    refuse(status, answer);
    std::string text = said(account->token({})) + said(user->token({}));
    for (const char* secret : {"client+secret", "client%2B", "1//refresh", "PRIVATE", "eyJ"}) {
      EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
    return text;
  };
  const std::string revoked = failure(
      400, R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})");
  EXPECT_TRUE(revoked.starts_with("<unauthenticated> ")) << revoked;
  EXPECT_NE(revoked.find("invalid_grant: Token has been expired"), revoked.npos) << revoked;
  EXPECT_NE(revoked.find("gcloud auth application-default login"), revoked.npos) << revoked;
  EXPECT_TRUE(failure(400, R"({"error":"internal_failure"})").starts_with("<unavailable> "));
  EXPECT_TRUE(failure(429, "x").starts_with("<unavailable> "));
  EXPECT_TRUE(failure(404, "<html>").starts_with("<not found> "));
  for (const char* answer :
       {"<html>sign in</html>", R"({"access_token":"eyJ"})",
        R"({"access_token":"eyJ\r\nX: y","expires_in":9})", R"({"access_token":"","expires_in":9})",
        R"({"access_token":"eyJ","expires_in":-1})"}) {
    EXPECT_TRUE(failure(200, answer).starts_with("<input/output> ")) << failure(200, answer);
  }
  refuse(200, R"({"access_token":"by text","expires_in":"9"})");
  EXPECT_TRUE(failed_with(user->token({}), Code::Io));
  refuse(200, R"({"access_token":"by-text","expires_in":"9"})");
  EXPECT_EQ(said(user->token({})), "by-text");
}

TEST_F(GoogleCredentialsTest, LooksWhereGooglesToolsLook) {
  const std::string named = write("key.json", service_account().dump());
  const std::string file = "application_default_credentials.json";
  json other = user();
  other["quota_project_id"] = "other";
  write("home/.config/gcloud/" + file, user().dump());
  write("gcloud/" + file, other.dump());
  Environment environment = {{"GOOGLE_APPLICATION_CREDENTIALS", named},
                             {"CLOUDSDK_CONFIG", folder_ + "/gcloud"},
                             {"HOME", folder_ + "/home"},
                             {"METADATA_SERVER_DETECTION", "none"}};
  EXPECT_TRUE((*find(environment))->who().starts_with("the service account"));
  environment.erase("GOOGLE_APPLICATION_CREDENTIALS");
  EXPECT_EQ((*find(environment))->quota_project(), "other");
  environment.erase("CLOUDSDK_CONFIG");
  EXPECT_EQ((*find(environment))->quota_project(), "billed");
  environment["GOOGLE_CLOUD_QUOTA_PROJECT"] = "mine";
  EXPECT_EQ((*find(environment))->quota_project(), "mine");
  environment["HOME"] = folder_ + "/nobody";
  EXPECT_TRUE(failed_with(find(environment), Code::Unauthenticated));
  environment.erase("METADATA_SERVER_DETECTION");
  EXPECT_EQ((*find(environment))->who(), "this machine's service account");
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(GoogleCredentialsTest, AFileThatCannotBeUsedIsNotPassedOver) {
  const auto code = [&](const std::string& path) {
    const auto result = find({{"GOOGLE_APPLICATION_CREDENTIALS", path}, {"HOME", folder_}});
    if (result.ok()) return std::string("found");
    const std::string message = result.error().message();
    EXPECT_NE(message.find("GOOGLE_APPLICATION_CREDENTIALS"), message.npos) << message;
    EXPECT_EQ(message.find("secret"), message.npos) << message;
    return std::string(name(result.error().code()));
  };
  const auto changed = [&](const char* field, const json& value) {
    json file = user();
    file[field] = value;
    return code(write("changed.json", file.dump()));
  };
  EXPECT_EQ(code(folder_ + "/none.json"), "not found");
  EXPECT_EQ(code(write("text.json", "secret")), "invalid");
  EXPECT_EQ(changed("type", "external_account"), "invalid");
  EXPECT_EQ(changed("refresh_token", nullptr), "invalid");
  EXPECT_EQ(changed("token_uri", "http://oauth2.googleapis.com/secret"), "invalid");
  EXPECT_EQ(changed("token_uri", "secret"), "invalid");
  EXPECT_EQ(changed("universe_domain", "elsewhere.example"), "invalid");
  EXPECT_EQ(changed("universe_domain", "googleapis.com"), "found");
  json account = service_account();
  account["private_key"] = "a secret key";
  EXPECT_EQ(code(write("key.json", account.dump())), "invalid");
  write(".config/gcloud/application_default_credentials.json", "{}");
  EXPECT_TRUE(failed_with(find({{"HOME", folder_}}), Code::Invalid));
}

TEST_F(GoogleCredentialsTest, AMachineOfGooglesAsksItsMetadataServer) {
  auto credentials = *find({{"GCE_METADATA_HOST", server_.url().substr(7)}});
  EXPECT_EQ(said(credentials->token({})), "token-1");
  const LoopbackRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target,
            "/computeMetadata/v1/instance/service-accounts/default/token?scopes="
            "https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fdevstorage.read_write");
  EXPECT_EQ(seen.headers.at("metadata-flavor"), "Google");
  credentials->refuse("token-1");
  refuse(404, "no");
  EXPECT_TRUE(failed_with(credentials->token({}), Code::Unauthenticated));
  refuse(503, "no");
  EXPECT_TRUE(failed_with(credentials->token({}), Code::Unavailable));
}

TEST_F(GoogleCredentialsTest, WhatDoesNotSayItIsGooglesIsNot) {
  const LoopbackServer other([](const LoopbackRequest&, LoopbackConnection& to) {
    to.answer(200, R"({"access_token":"t","expires_in":9})");
  });
  auto credentials = *find({{"GCE_METADATA_HOST", other.url().substr(7)}});
  EXPECT_TRUE(failed_with(credentials->token({}), Code::Unauthenticated));
}

}  // namespace
}  // namespace firebreak
