// Our own client against the server, by sockets.
#include "standby/storage_server.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>

#include "net/http_client.h"
#include "storage/storage_client.h"

// For TSan: RocksDB reads what another thread wrote without a lock, by atomics in a library that
// was not built for it.
extern "C" const char* __tsan_default_suppressions() {
  return "race:librocksdb.so";
}

namespace firebreak {
namespace {

constexpr const char* kBucket = "bucket";

class StorageServerTest : public testing::Test {
 protected:
  StorageServerTest() {
    ::setenv("no_proxy", "127.0.0.1", 1);
    std::string pattern = testing::TempDir() + "storage-server-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    server_ = *StorageServer::start(folder_, 0, system_clock());
    EXPECT_EQ(send("POST", "/b?project=p", R"({"name":"bucket"})").status, 200);
  }
  ~StorageServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  HttpResponse send(const std::string& method, const std::string& target, std::string_view body) {
    HttpResponse response =
        *http_.send({.method = method, .url = server_->address() + target}, as_bytes(body), {}, {});
    return response;
  }
  StorageClient client() {
    StorageClient::Options options;
    options.endpoint = server_->address();
    options.page_size = 7;
    return StorageClient(kBucket, std::move(options), system_clock());
  }

  std::string folder_;
  std::unique_ptr<StorageServer> server_;
  HttpClient http_;
};

TEST_F(StorageServerTest, OurClientReadsWhatItWrote) {
  StorageClient bucket = client();
  std::string content;
  for (std::size_t i = 0; i < 3 * kContentPieceBytes + 5; ++i) content += static_cast<char>(i >> 9);
  std::size_t at = 0;
  const auto next = [&]() -> Result<ByteView> {
    const std::string_view part = std::string_view(content).substr(at, kContentPieceBytes);
    at += part.size();
    return as_bytes(part);
  };
  const Result<StoredObject> made =
      bucket.insert_in_parts({{"name", "a/b"}}, content.size(), next, 0, {});
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(to_text(*bucket.read(*made, 0, content.size(), {}, {})), content);
  EXPECT_EQ(to_text(*bucket.read(*made, 77, 300'000, {}, {})), content.substr(77, 300'000));
  EXPECT_TRUE(failed_with(bucket.insert({{"name", "a/b"}}, as_bytes("x"), 0, {}), Code::Conflict));
  ASSERT_TRUE(bucket.patch(*made, {{"metadata", {{"k", "v"}}}}, {}).ok());
  const StoredObject patched = *bucket.find("a/b", {});
  EXPECT_EQ(patched.metageneration, made->metageneration + 1);
  ASSERT_TRUE(bucket.patch(patched, {{"metadata", {{"k", nullptr}}}}, {}).ok());
  EXPECT_FALSE(bucket.find("a/b", {})->description.contains("metadata"));
  EXPECT_TRUE(failed_with(bucket.patch(patched, {{"contentType", "x"}}, {}), Code::Conflict));
  ASSERT_TRUE(bucket.remove(*bucket.find("a/b", {}), {}).ok());
  EXPECT_TRUE(failed_with(bucket.find("a/b", {}), Code::NotFound));
  EXPECT_TRUE(failed_with(bucket.read(*made, 0, 5, {}, {}), Code::NotFound));
}

TEST_F(StorageServerTest, ManyAtOnceAreServed) {
  constexpr int kThreads = 8;
  constexpr int kObjects = 12;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      StorageClient bucket = client();
      for (int i = 0; i < kObjects; ++i) {
        const std::string text = fmt::format("{} of {}", i, thread);
        // All write the same, too; who is refused was not first.
        (void)bucket.insert({{"name", "shared"}}, as_bytes(text), 0, {});
        const Result<StoredObject> made = bucket.insert({{"name", text}}, as_bytes(text), 0, {});
        ASSERT_TRUE(made.ok()) << made.error().message();
        EXPECT_EQ(to_text(*bucket.read(*made, 0, text.size(), {}, {})), text);
      }
    });
  }
  threads.clear();
  StorageClient bucket = client();
  std::size_t found = 0;
  std::string token;
  do {
    const StorageClient::Page page = *bucket.list("", token, {});
    found += page.objects.size();
    token = page.next_token;
  } while (!token.empty());
  EXPECT_EQ(found, kThreads * kObjects + 1U);
}

TEST_F(StorageServerTest, EndsWhileClientsAreThere) {
  // Idle, and within a request: their connections are cut.
  EXPECT_EQ(send("GET", "/b/bucket", "").status, 200);
  std::jthread sending([&, address = server_->address()] {
    HttpClient other;
    const Bytes body(64 << 20, std::byte{1});
    for (int i = 0; i < 20; ++i) {
      const auto answer =
          other.send({.method = "POST",
                      .url = address + "/upload/storage/v1/b/bucket/o?uploadType=media&name=x"},
                     body, {}, {});
      if (!answer.ok()) return;
    }
  });
  (void)system_clock().wait(std::chrono::milliseconds(100), {});
  server_.reset();
  sending.join();
  server_ = *StorageServer::start(folder_, 0, system_clock());
  EXPECT_EQ(send("GET", "/b/bucket", "").status, 200);
}

TEST_F(StorageServerTest, APortInUseIsAConflict) {
  const unsigned port = static_cast<unsigned>(
      std::stoul(server_->address().substr(server_->address().rfind(':') + 1)));
  const std::string other = folder_ + "/other";
  EXPECT_TRUE(failed_with(StorageServer::start(other, port, system_clock()), Code::Conflict));
  EXPECT_TRUE(failed_with(StorageServer::start(other, 70'000, system_clock()), Code::Conflict));
}

TEST_F(StorageServerTest, WhatIsNoHttpIsRefusedAndTheNextIsServed) {
  EXPECT_EQ(send("GET", "/" + std::string(70'000, 'x'), "").status, 400);
  EXPECT_EQ(send("BREW", "/b/bucket", "").status, 501);
  EXPECT_EQ(send("GET", "/b/bucket", "").status, 200);
}

}  // namespace
}  // namespace firebreak
