// What fake-gcs-server, which the conformance tests run against, does not do: tokens, refusals,
// small pages, broken answers. Held against a stand-in.
#include "backend/gcs.h"

#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <set>

#include "backend/gcs_stand_in.h"
#include "backend/open.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

FileName pack_of(std::string_view text) {
  return {FileType::Pack, to_hex(sha256(as_bytes(text)))};
}
const FileName kPack = pack_of("text");
const std::string kKey = fmt::format("some/repo/data/{}/{}", kPack.name.substr(0, 2), kPack.name);

class GcsTest : public testing::Test {
 protected:
  GcsTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  Environment environment() const { return {{"GCE_METADATA_HOST", google_.host()}}; }
  GcsBackend& open(unsigned page_size = 1000, const std::string& project = {}) {
    auto credentials = GoogleCredentials::find(environment(), {.scope = kGcsScope}, clock_);
    CHECK(credentials.ok());
    const GcsOptions options{.endpoint = google_.url(),
                             .bucket = "bucket",
                             .prefix = "some/repo",
                             .project = project,
                             .page_size = page_size};
    backend_ = std::make_unique<GcsBackend>(options, *std::move(credentials));
    return *backend_;
  }
  // Answers requests of the method with an error, `times` times.
  void fail(std::string method, int status, std::string reason, std::string headers = {},
            int times = 1 << 20) {
    google_.interfere = [=](const LoopbackRequest& request, LoopbackConnection& to) mutable {
      if (request.method != method || request.target.starts_with("/computeMetadata/")) return false;
      if (times-- <= 0) return false;
      GcsStandIn::fail(to, status, reason, headers);
      return true;
    };
  }
  Result<void> save(Backend& backend) { return backend.save(kPack, as_bytes("text"), {}); }
  static std::string said(const Result<void>& result) {
    if (result.ok()) return "ok";
    return fmt::format("{}: {}", name(result.error().code()), result.error().message());
  }
  static bool says(const Result<void>& result, std::string_view text) {
    return said(result).find(text) != std::string::npos;
  }

  FakeClock clock_{WallTime{}};
  GcsStandIn google_;
  std::unique_ptr<GcsBackend> backend_;
};

TEST_F(GcsTest, KeepsFilesWhereResticLooks) {
  GcsBackend& backend = open();
  EXPECT_EQ(backend.location(), "gs:bucket:/some/repo");
  EXPECT_EQ(said(backend.create({})), "ok");
  EXPECT_EQ(said(save(backend)), "ok");
  EXPECT_EQ(said(backend.save(config_file(), as_bytes("c"), {})), "ok");
  EXPECT_EQ(said(backend.save({FileType::Key, kPack.name}, as_bytes("k"), {})), "ok");
  EXPECT_EQ(google_.objects(),
            (std::map<std::string, std::string>{
                {kKey, "text"}, {"some/repo/config", "c"}, {"some/repo/keys/" + kPack.name, "k"}}));
  EXPECT_EQ(to_text(*backend.load(kPack, {}, {}, {})), "text");
  EXPECT_EQ(backend.stat(kPack, {})->size, 4U);
  EXPECT_EQ(said(backend.remove(kPack, {})), "ok");
  EXPECT_TRUE(failed_with(backend.remove(kPack, {}), Code::NotFound));
  EXPECT_EQ(google_.tokens(), 1);
}

// restic#1246: only the first page was seen.
TEST_F(GcsTest, ListsEveryPageOfAnySize) {
  std::set<std::string> saved;
  for (int number = 0; number < 7; ++number) {
    const FileName file = pack_of(std::to_string(number));
    saved.insert(file.name);
    google_.put(fmt::format("some/repo/data/{}/{}", file.name.substr(0, 2), file.name), "x");
  }
  google_.put("some/repo/data/00/" + kPack.name, "in a wrong folder");
  google_.put("some/repo/data/" + kPack.name, "in none");
  google_.put("some/repo/data/aa/config", "foreign");
  google_.put("some/repo2/data", "somebody else's");
  for (const bool empty_pages : {false, true}) {
    google_.sends_empty_pages = empty_pages;
    for (const unsigned page_size : {1U, 2U, 3U, 1000U}) {
      const Result<std::vector<FileInfo>> files = list_all(open(page_size), FileType::Pack, {});
      ASSERT_TRUE(files.ok()) << files.error().message();
      std::set<std::string> names;
      for (const FileInfo& file : *files) names.insert(file.name);
      EXPECT_EQ(names, saved);
      EXPECT_EQ(files->size(), 7U);
    }
  }
}

TEST_F(GcsTest, AListingThatDoesNotAdvanceEnds) {
  google_.interfere = [](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.target.starts_with("/computeMetadata/")) return false;
    to.answer(200, R"({"nextPageToken":"again"})");
    return true;
  };
  EXPECT_TRUE(failed_with(list_all(open(), FileType::Pack, {}), Code::Io));
}

TEST_F(GcsTest, ARevokedTokenIsReplaced) {
  GcsBackend& backend = open();
  ASSERT_EQ(said(backend.create({})), "ok");
  google_.refused_tokens = 1;
  EXPECT_EQ(said(save(backend)), "ok");
  EXPECT_EQ(google_.objects().at(kKey), "text");
  EXPECT_EQ(google_.tokens(), 2);
  google_.refused_tokens = 100;
  EXPECT_TRUE(failed_with(backend.load(kPack, {}, {}, {}), Code::Unauthenticated));
}

TEST_F(GcsTest, RefusalsBecomeWhatACallerReactsTo) {
  GcsBackend& backend = open();
  fail("POST", 403, "forbidden");
  EXPECT_EQ(said(save(backend)), fmt::format("denied: data/{}: the server answered 403 "
                                             "(forbidden: about forbidden)",
                                             kPack.name));
  fail("POST", 403, "rateLimitExceeded");
  EXPECT_TRUE(failed_with(save(backend), Code::Unavailable));
  fail("POST", 429, "rateLimitExceeded", "Retry-After: 7\r\n");
  const Result<void> throttled = save(backend);
  ASSERT_TRUE(failed_with(throttled, Code::Unavailable));
  EXPECT_EQ(throttled.error().retry_after(), std::chrono::seconds(7));
  fail("POST", 503, "backendError");
  EXPECT_TRUE(failed_with(save(backend), Code::Unavailable));
  fail("POST", 400, "invalid");
  EXPECT_TRUE(failed_with(save(backend), Code::Io));
  fail("GET", 403, "forbidden");
  EXPECT_TRUE(failed_with(backend.create({}), Code::Denied));
  EXPECT_TRUE(failed_with(list_all(backend, FileType::Pack, {}), Code::Denied));
}

TEST_F(GcsTest, SaysWhatKeepsAFile) {
  GcsBackend& backend = open();
  ASSERT_EQ(said(save(backend)), "ok");
  fail("DELETE", 403, "retentionPolicyNotMet");
  EXPECT_TRUE(failed_with(backend.remove(kPack, {}), Code::Denied));
  EXPECT_TRUE(says(backend.remove(kPack, {}), kPack.name + ": a retention policy still keeps it"));
  fail("DELETE", 403, "objectUnderActiveHold");
  EXPECT_TRUE(says(backend.remove(kPack, {}), kPack.name + ": a hold keeps it"));
}

TEST_F(GcsTest, ThrottledCallsWaitAsLongAsAsked) {
  open();
  fail("POST", 429, "rateLimitExceeded", "Retry-After: 40\r\n", 3);
  const auto backend = retrying(std::move(backend_), RetryPolicy{}, clock_, 1);
  EXPECT_EQ(said(save(*backend)), "ok");
  EXPECT_GE(clock_.since_boot(), std::chrono::seconds(120));
}

// The first upload is stored, its answer is lost, the second finds the name taken.
TEST_F(GcsTest, AnUploadWhoseAnswerWasLostIsFoundAgain) {
  open();
  std::atomic<int> uploads = 0;
  std::atomic<bool> others_win = false;
  google_.interfere = [&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method != "POST" || ++uploads > 1) return false;
    LoopbackConnection lost(-1);
    google_.serve(request, lost);
    if (others_win) google_.put(kKey, "else");
    to.cut();
    return true;
  };
  const auto backend = retrying(std::move(backend_), RetryPolicy{}, clock_, 1);
  EXPECT_EQ(said(save(*backend)), "ok");
  EXPECT_EQ(uploads, 2);
  EXPECT_TRUE(failed_with(save(*backend), Code::Conflict));  // as a first try
  ASSERT_EQ(said(backend->remove(kPack, {})), "ok");
  uploads = 0;
  others_win = true;
  EXPECT_TRUE(failed_with(save(*backend), Code::Conflict));
}

TEST_F(GcsTest, OtherBytesThanWereSentAreTakenBack) {
  GcsBackend& backend = open();
  int generation = 2;
  google_.interfere = [&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method != "POST") return false;
    google_.put(kKey, "tixt");
    to.answer(200, fmt::format(R"({{"name":"{}","size":"4","md5Hash":"{}","generation":"{}"}})",
                               kKey, to_base64(md5(as_bytes("tixt"))), generation));
    return true;
  };
  EXPECT_FALSE(save(backend).ok());  // replaced since: not ours to remove
  EXPECT_EQ(google_.objects().size(), 1U);
  generation = 1;
  EXPECT_TRUE(failed_with(save(backend), Code::Corrupt));
  EXPECT_TRUE(google_.objects().empty());
}

TEST_F(GcsTest, AnAnswerThatSaysNothingLeavesTheOutcomeOpen) {
  GcsBackend& backend = open();
  google_.interfere = [&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method != "POST") return false;
    to.answer(200, "<html>");
    return true;
  };
  EXPECT_TRUE(failed_with(save(backend), Code::UnknownOutcome));
}

TEST_F(GcsTest, ADownloadHasTheObjectsLength) {
  GcsBackend& backend = open();
  std::string answer;
  google_.interfere = [&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.target.find("alt=media") == std::string::npos) return false;
    const std::string whole = answer;  // the test goes on once it has the last byte
    to.write(whole);
    to.cut();
    return true;
  };
  const auto load = [&](Range range) { return backend.load(kPack, range, {}, {}); };
  answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nte";
  EXPECT_TRUE(failed_with(load({}), Code::Unavailable));
  answer = "HTTP/1.1 200 OK\r\nX-Goog-Stored-Content-Length: 4\r\n\r\nte";
  EXPECT_TRUE(failed_with(load({}), Code::Io));
  // An object that is decoded on its way: the range is ignored.
  answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext";
  EXPECT_FALSE(load({1, 2}).ok());
  answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nte";
  EXPECT_TRUE(failed_with(load({1, 2}), Code::Io));
  answer = "HTTP/1.1 206 Part\r\nContent-Length: 2\r\nContent-Range: bytes 1-2/4\r\n\r\nex";
  EXPECT_EQ(to_text(*load({1, 2})), "ex");
  EXPECT_EQ(google_.requests().back().headers.at("range"), "bytes=1-2");
  answer = "HTTP/1.1 404 No\r\nContent-Length: 20\r\n\r\nNo such object: b/o.";
  EXPECT_TRUE(failed_with(load({}), Code::NotFound));
}

TEST_F(GcsTest, AMissingBucketIsMadeWhereTheProjectIsKnown) {
  google_.has_bucket = false;
  const Result<void> missing = open().create({});
  EXPECT_TRUE(failed_with(missing, Code::NotFound));
  EXPECT_TRUE(says(missing, "no bucket bucket; make it, or set GOOGLE_PROJECT_ID"));
  EXPECT_TRUE(failed_with(save(*backend_), Code::NotFound));
  EXPECT_TRUE(failed_with(list_all(*backend_, FileType::Pack, {}), Code::NotFound));
  EXPECT_EQ(said(open(1000, "my-project").create({})), "ok");
  EXPECT_TRUE(google_.requests().back().target.starts_with("/storage/v1/b?project=my-project"));
  EXPECT_EQ(said(backend_->create({})), "ok");
}

TEST_F(GcsTest, ABucketThatAppearsMeanwhileIsAsGood) {
  google_.has_bucket = false;
  fail("POST", 409, "conflict");
  EXPECT_TRUE(failed_with(open(1000, "my-project").create({}), Code::NotFound));
  const auto refuse = google_.interfere;
  google_.interfere = [&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "POST") google_.has_bucket = true;
    return refuse(request, to);
  };
  EXPECT_EQ(said(backend_->create({})), "ok");
}

TEST_F(GcsTest, OpensWithTheCredentialsOfTheEnvironment) {
  const Location location = *parse_location("gs:bucket:/some/repo");
  Environment none = {{"METADATA_SERVER_DETECTION", "none"}};
  const auto opened = open_backend(location, {}, none, clock_);
  ASSERT_TRUE(failed_with(opened, Code::Unauthenticated));
  EXPECT_TRUE(opened.error().message().starts_with("gs:bucket: no Google credentials"));
  EXPECT_TRUE(open_backend(location, {}, environment(), clock_).ok());
}

// It must not see them: it may be anybody's.
TEST_F(GcsTest, AnEmulatorIsShownNoCredentials) {
  const Location location = *parse_location("gs:bucket:/some/repo");
  for (const std::string& emulator : {google_.url(), google_.host(), google_.url() + "/"}) {
    Environment environment = this->environment();
    environment["STORAGE_EMULATOR_HOST"] = emulator;
    const auto opened = open_backend(location, {}, environment, clock_);
    ASSERT_TRUE(opened.ok());
    EXPECT_TRUE(failed_with((*opened)->stat(kPack, {}), Code::Unauthenticated));
  }
  EXPECT_EQ(google_.tokens(), 0);
}

}  // namespace
}  // namespace firebreak
