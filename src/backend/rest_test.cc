#include "backend/rest.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "backend/rest_list.h"
#include "crypto/sha256.h"
#include "net/loopback_server.h"

namespace firebreak {
namespace {

const FileName kPack{FileType::Pack, to_hex(sha256(as_bytes("text")))};

std::string spelled(const Result<std::vector<RestEntry>>& entries) {
  if (!entries.ok()) return fmt::format("<{}>", name(entries.error().code()));
  std::string text;
  for (const RestEntry& entry : *entries) {
    text += fmt::format("{}:{} ", entry.name, entry.size ? static_cast<int>(*entry.size) : -1);
  }
  return text;
}

TEST(RestList, IsReadInBothVersions) {
  EXPECT_EQ(spelled(parse_rest_list(to_bytes(R"([{"name":"a","size":3},{"size":0,"name":"b"}])"))),
            "a:3 b:0 ");
  EXPECT_EQ(spelled(parse_rest_list(to_bytes(R"( ["a", "b\n"] )"))), "a:-1 b\n:-1 ");
  EXPECT_EQ(spelled(parse_rest_list(to_bytes("[]"))), "");
}

TEST(RestList, RefusesAnythingElse) {
  for (const char* text :
       {"", "null", "{}", "[", "[1]", "[{}]", R"([{"name":"a"}])", R"([{"name":"a","size":-1}])",
        R"([{"name":"a","size":"1"}])", R"(["a"] x)", R"(["a",)", R"([{"name":1,"size":1}])"}) {
    EXPECT_EQ(spelled(parse_rest_list(to_bytes(text))), "<corrupt>") << text;
  }
}

class RestTest : public testing::Test {
 protected:
  RestTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  // `address` follows the origin.
  Backend& serve(LoopbackServer::Handler handler, const std::string& address = "/repo") {
    server_ = std::make_unique<LoopbackServer>(std::move(handler));
    std::string url = server_->url();
    url.insert(url.find("127"), "me:open%2Fsesame@");
    Result<std::unique_ptr<Backend>> opened = RestBackend::open({.url = url + address});
    CHECK(opened.ok());
    backend_ = *std::move(opened);
    return *backend_;
  }

  std::unique_ptr<LoopbackServer> server_;
  std::unique_ptr<Backend> backend_;
};

void answer_head(LoopbackConnection& to, std::size_t size) {
  to.write(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", size));
}

TEST_F(RestTest, SignsInWithoutShowingThePassword) {
  Backend& backend =
      serve([](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, ""); });
  ASSERT_TRUE(backend.save(kPack, as_bytes("text"), {}).ok());
  const LoopbackRequest seen = server_->requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/repo/data/" + kPack.name);
  EXPECT_EQ(seen.body, "text");
  EXPECT_EQ(seen.headers.at("authorization"), "Basic " + to_base64(as_bytes("me:open/sesame")));
  EXPECT_EQ(seen.headers.at("accept"), "application/vnd.x.restic.rest.v2");
  EXPECT_EQ(backend.location(), "rest:" + server_->url() + "/repo/");
}

// rest-server answers 403 for both.
TEST_F(RestTest, ATakenNameIsAConflictAndAForbiddenOneDenied) {
  bool exists = true;
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "POST") return to.answer(403, "Forbidden");
    if (exists) return answer_head(to, 4);
    to.write("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n");
  });
  EXPECT_TRUE(failed_with(backend.save(kPack, as_bytes("text"), {}), Code::Conflict));
  exists = false;
  const Result<void> saved = backend.save(kPack, as_bytes("text"), {});
  ASSERT_TRUE(failed_with(saved, Code::Denied));
  EXPECT_NE(saved.error().message().find("Forbidden"), std::string::npos);
}

TEST_F(RestTest, ALostAcknowledgementIsSettledByLooking) {
  std::string stored = "text";
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "POST") return to.cut();
    if (request.method == "HEAD") return answer_head(to, stored.size());
    to.answer(200, stored);
  });
  EXPECT_TRUE(backend.save(kPack, as_bytes("text"), {}).ok());
  EXPECT_TRUE(backend.save(config_file(), as_bytes("text"), {}).ok());
  stored = "oops";  // the config of somebody who was faster
  EXPECT_TRUE(failed_with(backend.save(config_file(), as_bytes("text"), {}), Code::UnknownOutcome));
  stored = "te";
  EXPECT_TRUE(failed_with(backend.save(kPack, as_bytes("text"), {}), Code::UnknownOutcome));
}

TEST_F(RestTest, ListsByVersion1Too) {
  Backend& backend = serve([&](const LoopbackRequest& request, LoopbackConnection& to) {
    if (request.method == "HEAD") return answer_head(to, 4);
    to.answer(200, fmt::format(R"(["{}","tmp"])", kPack.name));
  });
  const Result<std::vector<FileInfo>> files = list_all(backend, FileType::Pack, {});
  ASSERT_TRUE(files.ok()) << files.error().message();
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->at(0).name, kPack.name);
  EXPECT_EQ(files->at(0).size, 4U);
}

TEST_F(RestTest, RefusesAnotherPartThanItAskedFor) {
  std::string answer;
  Backend& backend = serve([&](const LoopbackRequest&, LoopbackConnection& to) {
    const std::string now = answer;  // the next one is set once this is read
    to.write(now);
  });
  const auto load = [&] { return backend.load(kPack, {1, 2}, {}, {}); };
  answer = "HTTP/1.1 206 Part\r\nContent-Length: 2\r\nContent-Range: bytes 1-2/4\r\n\r\nex";
  EXPECT_EQ(to_text(*load()), "ex");
  EXPECT_EQ(server_->requests().at(0).headers.at("range"), "bytes=1-2");
  answer = "HTTP/1.1 206 Part\r\nContent-Length: 2\r\nContent-Range: bytes 0-1/4\r\n\r\nte";
  EXPECT_TRUE(failed_with(load(), Code::Io));
  answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nte";
  EXPECT_TRUE(failed_with(load(), Code::Io));
  answer = "HTTP/1.1 206 Part\r\nContent-Length: 1\r\nContent-Range: bytes 1-1/2\r\n\r\ne";
  EXPECT_TRUE(failed_with(load(), Code::Corrupt));
}

TEST_F(RestTest, RefusesWhatIsNoAddress) {
  for (const char* url : {"", "repo", "ftp://host/", "http://host/?x=1"}) {
    EXPECT_TRUE(failed_with(RestBackend::open({.url = url}), Code::Invalid)) << url;
  }
}

// As Go's servers answer for a part of an empty file.
TEST_F(RestTest, AnEmptyFileEndsEarly) {
  Backend& backend =
      serve([](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, ""); });
  EXPECT_TRUE(failed_with(backend.load(kPack, {0, 4}, {}, {}), Code::Corrupt));
}

}  // namespace
}  // namespace firebreak
