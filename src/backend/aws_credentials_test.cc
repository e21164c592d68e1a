#include "backend/aws_credentials.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "base/file.h"

namespace firebreak {
namespace {

constexpr std::string_view kFile =
    "# mine\n"
    "[default]\r\n"
    "aws_access_key_id = ID1\r\n"
    "aws_secret_access_key=se=cret1\n"
    "s3 =\n"
    "  aws_session_token = nested\n"
    "\n"
    "[ other ]\n"
    "aws_access_key_id=ID2\n"
    "aws_secret_access_key=secret2\n"
    "aws_session_token=token2\n"
    "[half]\n"
    "aws_access_key_id=ID3\n";

std::string spelled(const std::optional<AwsCredentials>& found) {
  if (!found) return "none";
  return fmt::format("{}|{}|{}", found->access_key_id, found->secret_access_key,
                     found->session_token);
}

TEST(AwsProfile, IsTheSectionOfItsName) {
  EXPECT_EQ(spelled(parse_aws_profile(kFile, "default")), "ID1|se=cret1|");
  EXPECT_EQ(spelled(parse_aws_profile(kFile, "other")), "ID2|secret2|token2");
  EXPECT_EQ(spelled(parse_aws_profile(kFile, "half")), "ID3||");
  EXPECT_EQ(spelled(parse_aws_profile(kFile, "missing")), "none");
  EXPECT_EQ(spelled(parse_aws_profile("[default\naws_access_key_id=x", "default")), "none");
  EXPECT_EQ(spelled(parse_aws_profile("", "default")), "none");
}

class AwsCredentialsTest : public testing::Test {
 protected:
  AwsCredentialsTest() {
    std::string pattern = testing::TempDir() + "aws-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    home_ = pattern;
    CHECK(make_folders(home_ + "/.aws").ok());
    CHECK(write_file(home_ + "/.aws/credentials", as_bytes(kFile)).ok());
  }
  ~AwsCredentialsTest() override { std::filesystem::remove_all(home_); }

  static std::string refusal(const Environment& environment, Code code) {
    const Result<AwsCredentials> found = find_aws_credentials(environment);
    EXPECT_TRUE(failed_with(found, code));
    return found.ok() ? "" : found.error().message();
  }

  std::string home_;
};

TEST_F(AwsCredentialsTest, TheVariablesComeFirst) {
  const Environment environment{{"HOME", home_},
                                {"AWS_ACCESS_KEY_ID", "ID"},
                                {"AWS_SECRET_ACCESS_KEY", "secret"},
                                {"AWS_SESSION_TOKEN", "token"}};
  EXPECT_EQ(spelled(*find_aws_credentials(environment)), "ID|secret|token");
}

TEST_F(AwsCredentialsTest, ThenTheFile) {
  EXPECT_EQ(spelled(*find_aws_credentials({{"HOME", home_}})), "ID1|se=cret1|");
  EXPECT_EQ(spelled(*find_aws_credentials({{"HOME", home_}, {"AWS_PROFILE", "other"}})),
            "ID2|secret2|token2");
  EXPECT_EQ(spelled(*find_aws_credentials(
                {{"AWS_SHARED_CREDENTIALS_FILE", home_ + "/.aws/credentials"}})),
            "ID1|se=cret1|");
}

TEST_F(AwsCredentialsTest, RefusalsSayWhatToSet) {
  EXPECT_NE(refusal({{"HOME", "/nowhere"}}, Code::Unauthenticated).find("set AWS_ACCESS_KEY_ID"),
            std::string::npos);
  EXPECT_NE(refusal({{"HOME", home_}, {"AWS_PROFILE", "no\n"}}, Code::Unauthenticated)
                .find("no profile [no\\x0a]"),
            std::string::npos);
  EXPECT_NE(refusal({{"HOME", home_}, {"AWS_PROFILE", "half"}}, Code::Invalid)
                .find("no aws_secret_access_key"),
            std::string::npos);
  const std::string half = refusal({{"AWS_SECRET_ACCESS_KEY", "hush"}}, Code::Invalid);
  EXPECT_NE(half.find("AWS_ACCESS_KEY_ID is not"), std::string::npos) << half;
  EXPECT_EQ(half.find("hush"), std::string::npos);
}

TEST(AwsRegion, IsSetOrTheOldest) {
  EXPECT_EQ(aws_region({}), "us-east-1");
  EXPECT_EQ(aws_region({{"AWS_DEFAULT_REGION", "eu-west-1"}}), "eu-west-1");
  EXPECT_EQ(aws_region({{"AWS_DEFAULT_REGION", "a"}, {"AWS_REGION", "b"}}), "b");
}

}  // namespace
}  // namespace firebreak
