#include "point/user_restore.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "net/loopback_server.h"
#include "point/tree_piece.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

class UserRestoreTest : public testing::Test {
 protected:
  UserRestoreTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  // A point of one user, restored into a service that has another state of that user.
  Result<void> restore(const std::string& wanted, const std::string& there, RestoreMode mode) {
    const LoopbackServer server([&](const LoopbackRequest& request, LoopbackConnection& to) {
      const auto asks = [&](std::string_view what) {
        return request.target.find(what) != std::string::npos;
      };
      if (asks(":batchGet")) return to.answer(200, R"({"users":[)" + there + "]}");
      if (asks(":batchCreate")) written_.push_back(request.body);
      to.answer(200, "{}");
    });
    const auto repository = made_.open();
    BlobSaver saver(*repository, {}, {});
    const CutRule rule(repository->config().chunker_polynomial);
    TreePiece tree(rule, saver);
    const Result<User> user = parse_user_record(as_bytes(wanted));
    CHECK(user.ok());
    CHECK(tree.add(key_of(*user), as_bytes(encode_user(*user))).ok());
    const Result<BlobId> top = tree.finish();
    CHECK(top.ok() && saver.finish().ok());
    AuthClient client("project", {.endpoint = server.url()}, clock_);
    UserRestoreOptions options;
    options.mode = mode;
    options.temporary_folder = testing::TempDir();
    options.on_failure = [this](std::string_view name, const Error& problem) {
      failures_.push_back(fmt::format("{}: {}", name, problem.message()));
    };
    progress_ = std::make_unique<ProjectRestoreProgress>();
    return restore_users(*repository, *top, nlohmann::json::object(), client, options, *progress_,
                         {});
  }

  TestRepository made_;
  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
  std::unique_ptr<ProjectRestoreProgress> progress_;
  std::vector<std::string> written_;
  std::vector<std::string> failures_;
};

TEST_F(UserRestoreTest, WhoDiffersIsWrittenAsAWhole) {
  ASSERT_TRUE(restore(R"({"localId":"a","email":"a@b.c"})", R"({"localId":"a","email":"x@b.c"})",
                      RestoreMode::Overwrite)
                  .ok());
  ASSERT_EQ(written_.size(), 1U);
  EXPECT_NE(written_[0].find(R"("email":"a@b.c")"), std::string::npos);
  EXPECT_NE(written_[0].find(R"("allowOverwrite":true)"), std::string::npos);
  EXPECT_EQ(progress_->written, 1U);
  EXPECT_TRUE(failures_.empty());
}

// Not even the undo point could bring that back.
TEST_F(UserRestoreTest, WhatAnImportWouldTakeAwayStays) {
  for (const char* kept :
       {R"("mfaInfo":[{"mfaEnrollmentId":"1","totpInfo":{}}])",
        R"("passkeyInfo":[{"credentialId":"c"}])", R"("passwordHash":"abcd","version":2)"}) {
    failures_.clear();
    ASSERT_TRUE(restore(R"({"localId":"a","displayName":"then"})",
                        fmt::format(R"({{"localId":"a","displayName":"now",{}}})", kept),
                        RestoreMode::Exact)
                    .ok());
    EXPECT_TRUE(written_.empty()) << kept;
    EXPECT_EQ(progress_->written, 0U);
    EXPECT_EQ(progress_->conflicts, 1U);
    ASSERT_EQ(failures_.size(), 1U);
    EXPECT_NE(failures_[0].find("left as it is"), std::string::npos) << failures_[0];
  }
}

// Everybody would seem to have another password.
TEST_F(UserRestoreTest, HiddenHashesOfTheTargetAreAnError) {
  const Result<void> restored =
      restore(R"({"localId":"a","passwordHash":"abcd"})",
              R"({"localId":"a","passwordHash":"UkVEQUNURUQ="})", RestoreMode::Overwrite);
  ASSERT_TRUE(failed_with(restored, Code::Denied));
  EXPECT_NE(restored.error().message().find("firebaseauth.configs.getHashConfig"),
            std::string::npos);
  EXPECT_TRUE(written_.empty());
}

}  // namespace
}  // namespace firebreak
