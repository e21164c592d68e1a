#include "backend/s3.h"

#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/md5.h"
#include "net/loopback_server.h"

namespace firebreak {
namespace {

const WallTime kThen = std::chrono::sys_days(std::chrono::year(2013) / 5 / 24);
const std::string kId = to_hex(sha256(as_bytes("text")));
const FileName kIndex{FileType::Index, kId};

std::string listing(const std::vector<std::string>& keys, std::string_view end) {
  std::string xml = "<ListBucketResult>";
  for (const std::string& key : keys) {
    xml += fmt::format("<Contents><Key>{}</Key><Size>4</Size></Contents>", key);
  }
  return fmt::format("{}{}</ListBucketResult>", xml, end);
}

constexpr char kWhole[] = "<IsTruncated>false</IsTruncated>";

std::string next_page(std::string_view token) {
  return fmt::format(
      "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>", token);
}

std::string id_of_number(int number) {
  return fmt::format("{:064x}", number);
}

class S3Test : public testing::Test {
 protected:
  S3Test() { ::setenv("no_proxy", "127.0.0.1", 1); }

  Backend& serve(LoopbackServer::Handler handler, const std::string& region = "us-east-1") {
    server_ = std::make_unique<LoopbackServer>(std::move(handler));
    S3Options options{.place = {.https = false,
                                .host = server_->url().substr(std::string("http://").size()),
                                .bucket = "bucket",
                                .prefix = "a b"},
                      .credentials = {"ID", "secret"},
                      .region = region,
                      .part_bytes = 4};
    backend_ = std::make_unique<S3Backend>(options, clock_);
    return *backend_;
  }

  // "METHOD target", for every request from `from` on.
  std::vector<std::string> asked(std::size_t from = 0) const {
    std::vector<std::string> lines;
    for (const LoopbackRequest& request : server_->requests()) {
      if (from > 0) {
        --from;
      } else {
        lines.push_back(request.method + " " + request.target);
      }
    }
    return lines;
  }

  FakeClock clock_{kThen};
  std::unique_ptr<LoopbackServer> server_;
  std::unique_ptr<Backend> backend_;
};

void refuse(LoopbackConnection& to, int status, std::string_view word,
            std::string_view headers = "") {
  to.answer(status, fmt::format("<Error><Code>{}</Code></Error>", word), headers);
}

// An answer to HEAD, which has no body.
void answer_head(LoopbackConnection& to, int status) {
  to.write(fmt::format("HTTP/1.1 {} Status\r\nContent-Length: 4\r\n\r\n", status));
}

TEST_F(S3Test, SavesUnderAFreeNameOnly) {
  Backend& backend =
      serve([](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, ""); });
  ASSERT_TRUE(backend.save({FileType::Pack, kId}, as_bytes("text"), {}).ok());
  const LoopbackRequest seen = server_->requests().at(0);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, fmt::format("/bucket/a%20b/data/{}/{}", kId.substr(0, 2), kId));
  EXPECT_EQ(seen.headers.at("if-none-match"), "*");
  EXPECT_EQ(seen.headers.at("content-md5"), to_base64(md5(as_bytes("text"))));
  EXPECT_EQ(seen.headers.at("x-amz-content-sha256"), kId);
  EXPECT_EQ(seen.body, "text");
  EXPECT_EQ(backend.location(), "s3:" + server_->url() + "/bucket/a b");
}

TEST_F(S3Test, RefusedSavesMeanWhatTheySay) {
  int status = 0;
  std::string word;
  Backend& backend = serve([&](const LoopbackRequest&, LoopbackConnection& to) {
    if (status == 0) return to.cut();
    refuse(to, status, word, "Retry-After: 3\r\n");
  });
  const auto save = [&](int with_status, const std::string& with_word) {
    status = with_status;
    word = with_word;
    const Result<void> saved = backend.save(kIndex, as_bytes("text"), {});
    CHECK(!saved.ok());
    return Error(saved.error());
  };
  EXPECT_EQ(save(412, "PreconditionFailed").code(), Code::Conflict);
  EXPECT_EQ(save(409, "ConditionalRequestConflict").code(), Code::Unavailable);
  EXPECT_EQ(save(503, "SlowDown").retry_after(), std::chrono::seconds(3));
  EXPECT_EQ(save(400, "ExpiredToken").code(), Code::Unauthenticated);
  EXPECT_EQ(save(403, "AccessDenied").code(), Code::Denied);
  const Error missing = save(404, "NoSuchBucket");
  EXPECT_EQ(missing.code(), Code::NotFound);
  EXPECT_NE(missing.message().find("no bucket bucket"), std::string::npos);
  EXPECT_NE(missing.message().find("firebreak init"), std::string::npos);
  EXPECT_EQ(save(0, "").code(), Code::UnknownOutcome);
}

TEST_F(S3Test, LooksNamesUpWhereTheServiceDoesNotKnowTheCondition) {
  bool taken = false;
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "HEAD") return answer_head(to, taken ? 200 : 404);
    if (request.headers.contains("if-none-match")) return refuse(to, 501, "NotImplemented");
    to.answer(200, "");
  });
  ASSERT_TRUE(backend.save(kIndex, as_bytes("text"), {}).ok());
  const std::string target = " /bucket/a%20b/index/" + kId;
  EXPECT_EQ(asked(), (std::vector<std::string>{"PUT" + target, "HEAD" + target, "PUT" + target}));
  ASSERT_TRUE(backend.save(kIndex, as_bytes("text"), {}).ok());
  EXPECT_EQ(server_->requests().size(), 5U) << "the condition is tried once";
  taken = true;
  EXPECT_TRUE(failed_with(backend.save(kIndex, as_bytes("text"), {}), Code::Conflict));
  EXPECT_EQ(asked(5), std::vector<std::string>{"HEAD" + target});
}

// radosgw 16 forgets the condition where it keeps versions.
TEST_F(S3Test, OfTwoVersionsOfTheConfigTheOlderWins) {
  std::string versions = "<Version><Key>a b/config</Key><VersionId>mine</VersionId></Version>";
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "HEAD") return answer_head(to, 404);
    if (request.method == "PUT") return to.answer(200, "", "x-amz-version-id: mine\r\n");
    if (request.method == "DELETE") return to.answer(204, "");
    to.answer(200, fmt::format("<ListVersionsResult>{}</ListVersionsResult>", versions));
  });
  EXPECT_TRUE(backend.save(config_file(), as_bytes("x"), {}).ok());
  versions +=
      "<DeleteMarker><Key>a b/config</Key><VersionId>1</VersionId></DeleteMarker>"
      "<Version><Key>a b/config</Key><VersionId>0</VersionId></Version>";
  EXPECT_TRUE(backend.save(config_file(), as_bytes("x"), {}).ok());
  versions =
      "<Version><Key>a b/config</Key><VersionId>mine</VersionId></Version>"
      "<Version><Key>a b/config</Key><VersionId>theirs</VersionId></Version>"
      "<Version><Key>a b/config2</Key><VersionId>other</VersionId></Version>";
  EXPECT_TRUE(failed_with(backend.save(config_file(), as_bytes("x"), {}), Code::Conflict));
  EXPECT_EQ(asked().back(), "DELETE /bucket/a%20b/config?versionId=mine");
}

TEST_F(S3Test, FindsTheBytesThatOthersCovered) {
  std::string oldest = "text";
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.target.find("?versions") != std::string::npos) {
      return to.answer(
          200, fmt::format("<ListVersionsResult><Version><Key>a b/index/{0}</Key><VersionId>new"
                           "</VersionId></Version><Version><Key>a b/index/{0}</Key><VersionId>old"
                           "</VersionId></Version></ListVersionsResult>",
                           kId));
    }
    to.answer(200, request.target.ends_with("versionId=old") ? oldest : "evil",
              "x-amz-version-id: new\r\n");
  });
  EXPECT_EQ(to_text(*backend.load(kIndex, {}, {}, {})), "text");
  oldest = "lost";
  EXPECT_EQ(to_text(*backend.load(kIndex, {}, {}, {})), "evil");
}

// Other tools read the newest bytes, and a rule may delete the older ones.
TEST_F(S3Test, TellsOfBytesThatOthersCovered) {
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.target.find("?versions") != std::string::npos) {
      return to.answer(200, fmt::format("<ListVersionsResult><Version><Key>a b/index/{}</Key>"
                                        "<VersionId>old</VersionId></Version></ListVersionsResult>",
                                        kId));
    }
    if (request.target.find("list-type") != std::string::npos) {
      return to.answer(200, listing({}, kWhole));
    }
    to.answer(200, request.target.ends_with("versionId=old") ? "text" : "evil",
              "x-amz-version-id: new\r\n");
  });
  EXPECT_TRUE(backend.find_strays({})->empty());
  ASSERT_TRUE(backend.load(kIndex, {}, {}, {}).ok());
  const Stray expected{kIndex, fmt::format("index/{}", kId), StrayKind::Overwritten};
  EXPECT_EQ(*backend.find_strays({}), std::vector{expected});
}

TEST_F(S3Test, ListsToTheEndWhateverIsCalledTheEnd) {
  const auto key = [](int number) { return "a b/index/" + id_of_number(number); };
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    const std::string& target = request.target;
    const auto asks = [&](std::string_view text) { return target.find(text) != target.npos; };
    if (asks("continuation-token=t%2B1")) return to.answer(200, listing({key(2)}, kWhole));
    if (asks("start-after=a%20b%2Findex%2F" + id_of_number(2))) {
      return to.answer(200, listing({key(1), key(2), key(3)}, "<IsTruncated>true</IsTruncated>"));
    }
    if (asks("start-after=")) return to.answer(200, listing({key(3)}, kWhole));
    to.answer(200, listing({key(1), "a b/index/.tmp", "a b/other"}, next_page("t+1")));
  });
  const Result<std::vector<FileInfo>> files = list_all(backend, FileType::Index, {});
  ASSERT_TRUE(files.ok()) << files.error().message();
  std::vector<std::string> names;
  for (const FileInfo& file : *files) names.push_back(file.name);
  EXPECT_EQ(names, (std::vector<std::string>{id_of_number(1), id_of_number(2), id_of_number(3)}));
  EXPECT_EQ(asked().at(0), "GET /bucket?list-type=2&delimiter=%2F&prefix=a%20b%2Findex%2F");
  EXPECT_EQ(asked().size(), 4U);
}

TEST_F(S3Test, PacksLieInFoldersOfTheirOwnDigits) {
  Backend& backend = serve([&](const LoopbackRequest&, LoopbackConnection& to) {
    to.answer(200, listing({"a b/data/00/" + id_of_number(7), "a b/data/01/" + id_of_number(8),
                            "a b/data/" + id_of_number(9)},
                           kWhole));
  });
  const Result<std::vector<FileInfo>> files = list_all(backend, FileType::Pack, {});
  ASSERT_TRUE(files.ok()) << files.error().message();
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->at(0).name, id_of_number(7));
  EXPECT_EQ(asked().at(0), "GET /bucket?list-type=2&prefix=a%20b%2Fdata%2F");
}

TEST_F(S3Test, AListingThatDoesNotAdvanceIsAnError) {
  std::string answer = listing({}, next_page("t"));
  Backend& backend =
      serve([&](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, answer); });
  EXPECT_TRUE(failed_with(list_all(backend, FileType::Index, {}), Code::Io));
  answer = listing({}, "<IsTruncated>true</IsTruncated>");
  EXPECT_TRUE(failed_with(list_all(backend, FileType::Index, {}), Code::Io));
  answer = listing({"a b/index/" + kId}, "");
  EXPECT_TRUE(failed_with(list_all(backend, FileType::Index, {}), Code::Corrupt));
}

TEST_F(S3Test, MakesAMissingBucketInItsRegion) {
  std::string refusal;
  Backend& backend = serve(
      [&](const LoopbackRequest& request, LoopbackConnection& to) {
        if (request.method == "GET") return refuse(to, 404, "NoSuchBucket");
        if (refusal.empty()) return to.answer(200, "");
        refuse(to, 403, refusal);
      },
      "eu-west-1");
  EXPECT_TRUE(backend.create({}).ok());
  const LoopbackRequest made = server_->requests().at(1);
  EXPECT_EQ(made.method + made.target, "PUT/bucket");
  EXPECT_NE(made.body.find("<LocationConstraint>eu-west-1</"), std::string::npos);
  refusal = "BucketAlreadyOwnedByYou";
  EXPECT_TRUE(backend.create({}).ok());
  refusal = "AccessDenied";
  const Result<void> denied = backend.create({});
  ASSERT_TRUE(failed_with(denied, Code::Denied));
  EXPECT_NE(denied.error().message().find("the bucket bucket does not exist"), std::string::npos);
}

TEST_F(S3Test, AForbiddenRemovalNamesObjectLock) {
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "HEAD") return answer_head(to, 200);
    refuse(to, 403, "AccessDenied");
  });
  const Result<void> removed = backend.remove(kIndex, {});
  ASSERT_TRUE(failed_with(removed, Code::Denied));
  EXPECT_NE(removed.error().message().find("object lock"), std::string::npos);
}

class S3PartsTest : public S3Test {
 protected:
  using Answer = std::function<void(LoopbackConnection&)>;

  // `finish` answers the last request of an upload.
  Backend& serve_parts(Answer finish) {
    return serve([this, finish](const LoopbackRequest& request, LoopbackConnection& to) {
      if (request.method == "HEAD") return answer_head(to, 404);
      if (request.method == "DELETE") return to.answer(204, "");
      if (request.target.ends_with("?uploads=")) {
        return to.answer(200,
                         "<InitiateMultipartUploadResult><UploadId>u/1</UploadId>"
                         "</InitiateMultipartUploadResult>");
      }
      if (request.method == "POST") return finish(to);
      if (const Answer answer = part_answer()) return answer(to);
      to.answer(200, "", fmt::format("ETag: \"{}\"\r\n", request.body));
    });
  }

  // Parts are answered so from now on, instead of being taken.
  void answer_parts(Answer answer) {
    const MutexLock lock(mutex_);
    part_answer_ = std::move(answer);
  }
  Answer part_answer() {
    const MutexLock lock(mutex_);
    return part_answer_;
  }

  Mutex mutex_;
  Answer part_answer_ GUARDED_BY(mutex_);
  const FileName file_{FileType::Pack, to_hex(sha256(as_bytes("012345678")))};
};

TEST_F(S3PartsTest, LargeFilesGoInParts) {
  Backend& backend = serve_parts(
      [](LoopbackConnection& to) { to.answer(200, "<CompleteMultipartUploadResult/>"); });
  ASSERT_TRUE(backend.save(file_, as_bytes("012345678"), {}).ok());
  const std::vector<LoopbackRequest> seen = server_->requests();
  ASSERT_EQ(seen.size(), 6U);
  EXPECT_EQ(seen[2].body + "|" + seen[3].body + "|" + seen[4].body, "0123|4567|8");
  EXPECT_TRUE(seen[4].target.ends_with("?partNumber=3&uploadId=u%2F1")) << seen[4].target;
  EXPECT_EQ(seen[4].headers.at("content-md5"), to_base64(md5(as_bytes("8"))));
  EXPECT_EQ(seen[5].headers.at("if-none-match"), "*");
  EXPECT_NE(seen[5].body.find("<PartNumber>3</PartNumber><ETag>\"8\"</ETag>"), std::string::npos);
}

TEST_F(S3PartsTest, FailedUploadsAreDropped) {
  std::atomic<const char*> said = nullptr;
  Backend& backend = serve_parts([&](LoopbackConnection& to) {
    const char* const code = said;
    if (code == nullptr) return to.cut();
    refuse(to, code == std::string_view("PreconditionFailed") ? 412 : 200, code);
  });
  const auto save = [&](const char* with) {
    said = with;
    const Result<void> saved = backend.save(file_, as_bytes("012345678"), {});
    EXPECT_TRUE(asked().back().starts_with("DELETE ")) << asked().back();
    EXPECT_TRUE(asked().back().ends_with("?uploadId=u%2F1")) << asked().back();
    return saved.ok() ? std::string_view("ok") : name(saved.error().code());
  };
  EXPECT_EQ(save("InternalError"), name(Code::UnknownOutcome));
  EXPECT_EQ(save(nullptr), name(Code::UnknownOutcome));
  EXPECT_EQ(save("PreconditionFailed"), name(Code::Conflict));
  answer_parts([](LoopbackConnection& to) { refuse(to, 503, "SlowDown"); });
  EXPECT_EQ(save("unheard"), name(Code::Unavailable));
  answer_parts([](LoopbackConnection& to) { to.cut(); });
  EXPECT_EQ(save("unheard"), name(Code::Unavailable));
  answer_parts([](LoopbackConnection& to) { to.answer(200, ""); });
  EXPECT_EQ(save("unheard"), name(Code::Io));
}

TEST_F(S3PartsTest, StoppedUploadsAreDropped) {
  std::stop_source stop;
  answer_parts([&](LoopbackConnection& to) {
    stop.request_stop();
    to.wait_for_close();
  });
  Backend& backend = serve_parts([](LoopbackConnection&) {});
  EXPECT_TRUE(
      failed_with(backend.save(file_, as_bytes("012345678"), stop.get_token()), Code::Canceled));
  EXPECT_TRUE(asked().back().starts_with("DELETE ")) << asked().back();
}

}  // namespace
}  // namespace firebreak
