#include "storage/storage_client.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "net/loopback_server.h"

namespace firebreak {
namespace {

class StorageClientTest : public testing::Test {
 protected:
  StorageClientTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  StorageClient& serve(LoopbackServer::Handler handler) {
    server_ = std::make_unique<LoopbackServer>(std::move(handler));
    StorageClient::Options options;
    options.endpoint = server_->url();
    options.retries.give_up_after = std::chrono::seconds(30);
    client_ = std::make_unique<StorageClient>("bucket", std::move(options), clock_);
    return *client_;
  }
  static std::string object(std::string_view fields) {
    return fmt::format(R"({{"name":"a","generation":"7","metageneration":"1","size":"3"{}}})",
                       fields);
  }

  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
  std::unique_ptr<LoopbackServer> server_;
  std::unique_ptr<StorageClient> client_;
};

constexpr std::size_t kPart = 256 * 1024;

// 308 without a range keeps nothing; with one, all up to it.
TEST_F(StorageClientTest, SendsAgainWhatAnUploadInPartsDoesNotKeep) {
  std::string kept;
  int puts = 0;
  StorageClient& client = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "POST") {
      EXPECT_NE(request.target.find("ifGenerationMatch=5"), std::string::npos);
      to.answer(200, "", fmt::format("Location: {}/session\r\n", server_->url()));
      return;
    }
    ++puts;
    const std::string& range = request.headers.at("content-range");
    const std::string begins = fmt::format("bytes {}-", kept.size());
    EXPECT_TRUE(range.starts_with(begins)) << range;
    if (puts == 1) return to.answer(308, "");
    if (puts == 2) kept += request.body.substr(0, 1000);
    if (puts > 3) kept += request.body;
    if (kept.size() == 2 * kPart + 3) return to.answer(200, object(""));
    to.answer(308, "", fmt::format("Range: bytes=0-{}\r\n", kept.size() - 1));
  });
  std::string content;
  for (std::size_t i = 0; i < 2 * kPart + 3; ++i) content += static_cast<char>(i * 31 >> 3);
  std::size_t at = 0;
  const auto next = [&]() -> Result<ByteView> {
    const std::string_view part = std::string_view(content).substr(at, kPart);
    at += part.size();
    return as_bytes(part);
  };
  const Result<StoredObject> made =
      client.insert_in_parts({{"name", "a"}}, content.size(), next, 5, {});
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(kept, content);
}

TEST_F(StorageClientTest, GivesUpAnUploadThatDoesNotAdvance) {
  std::atomic<int> puts = 0;
  StorageClient& client = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "POST") {
      return to.answer(200, "", fmt::format("Location: {}/session\r\n", server_->url()));
    }
    ++puts;
    to.answer(308, "");
  });
  const auto next = []() -> Result<ByteView> { return as_bytes("abc"); };
  const Result<StoredObject> made = client.insert_in_parts({{"name", "a"}}, 3, next, 0, {});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message().find("does not advance"), std::string::npos);
  EXPECT_GT(puts, 2);
}

// The first try was done, and its answer lost.
TEST_F(StorageClientTest, AnUploadThatMeetsItselfIsDone) {
  for (const bool is_ours : {true, false}) {
    int posts = 0;
    StorageClient& client = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
      if (request.method == "GET") {
        return to.answer(200,
                         object(is_ours ? R"(,"crc32c":"AAAAAA==")" : R"(,"crc32c":"BBBBBB==")"));
      }
      if (++posts == 1) return to.cut();
      to.answer(412, "");
    });
    const Result<StoredObject> made =
        client.insert({{"name", "a"}, {"crc32c", "AAAAAA=="}}, as_bytes("abc"), 0, {});
    EXPECT_EQ(made.ok(), is_ours);
    EXPECT_EQ(posts, 2);
    EXPECT_EQ(failed_with(made, Code::Conflict), !is_ours);
  }
}

TEST_F(StorageClientTest, RefusesFewerBytesThanWereAskedFor) {
  StorageClient& client = serve([](const LoopbackRequest& request, LoopbackConnection& to) {
    EXPECT_NE(request.target.find("generation=7"), std::string::npos);
    EXPECT_EQ(request.headers.at("accept-encoding"), "gzip");
    to.answer(200, "ab");
  });
  StoredObject object;
  object.name = "a/b";
  object.generation = 7;
  object.size = 3;
  EXPECT_TRUE(failed_with(client.read(object, 0, 3, {}, {}), Code::Io));
  EXPECT_NE(server_->requests().at(0).target.find("/o/a%2Fb?"), std::string::npos);
}

TEST_F(StorageClientTest, AListingThatDoesNotAdvanceIsRefused) {
  StorageClient& client = serve([](const LoopbackRequest&, LoopbackConnection& to) {
    to.answer(200, R"({"nextPageToken":"x"})");
  });
  const Result<StorageClient::Page> first = client.list("", "", {});
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(failed_with(client.list("", first->next_token, {}), Code::Io));
}

}  // namespace
}  // namespace firebreak
