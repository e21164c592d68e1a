#include "point/object_capture.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "net/loopback_server.h"
#include "point/object_record.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

class ObjectCaptureTest : public testing::Test {
 protected:
  ObjectCaptureTest() { ::setenv("no_proxy", "127.0.0.1", 1); }

  // One page of a listing of `items`; everything else is answered by `other`.
  void serve(std::string items, LoopbackServer::Handler other) {
    server_ = std::make_unique<LoopbackServer>(
        [items = std::move(items), other = std::move(other)](const LoopbackRequest& request,
                                                             LoopbackConnection& to) {
          if (request.target.find("/o?") != std::string::npos) {
            to.answer(200, R"({"items":[)" + items + "]}");
          } else if (request.target.find("/o/") == std::string::npos) {
            to.answer(200, R"({"name":"bucket"})");
          } else {
            other(request, to);
          }
        });
  }
  static std::string object(std::string_view name, int generation, std::string_view more = "") {
    return fmt::format(R"({{"name":"{}","generation":"{}","metageneration":"1","size":"9"{}}})",
                       name, generation, more);
  }

  Result<CapturedObjects> capture(std::optional<ObjectCaptureOptions::Earlier> earlier = {}) {
    const auto repository = made_.open();
    BlobSaver saver(*repository, {}, {});
    StorageClient::Options connection;
    connection.endpoint = server_->url();
    StorageClient client("bucket", std::move(connection), clock_);
    ObjectCaptureOptions options;
    options.temporary_folder = testing::TempDir();
    options.earlier = earlier;
    ObjectCaptureProgress progress;
    Result<CapturedObjects> captured =
        capture_objects(client, *repository, saver, options, progress, clock_, {});
    bytes_read_ = progress.bytes_read;
    if (captured.ok()) CHECK(saver.finish().ok());
    return captured;
  }
  // Names and generations of the manifest.
  std::vector<std::string> names(const CapturedObjects& captured) {
    const auto repository = made_.open();
    const RecordTree tree(*repository, captured.manifest, key_of_object);
    RecordTree::Cursor at = tree.records();
    EXPECT_TRUE(at.seek("").ok());
    std::vector<std::string> found;
    while (!at.is_at_end()) {
      const Result<ObjectRecord> record = parse_object_record(at.record());
      CHECK(record.ok());
      found.push_back(fmt::format("{}#{}", record->object.name, record->object.generation));
      EXPECT_TRUE(at.next().ok());
    }
    return found;
  }

  // crc32c of "123456789": 0xE3069283.
  static constexpr std::string_view kChecksum = R"(,"crc32c":"4waSgw==")";
  FakeClock clock_{WallTime(std::chrono::hours(500'000))};
  TestRepository made_;
  std::unique_ptr<LoopbackServer> server_;
  std::uint64_t bytes_read_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(ObjectCaptureTest, ListedGenerationsThatAreGoneAreReplacedOrDeleted) {
  serve(object("changed", 1) + "," + object("deleted", 2) + "," + object("same", 3),
        [](const LoopbackRequest& request, LoopbackConnection& to) {
          const bool is_media = request.target.find("alt=media") != std::string::npos;
          const bool is_old = request.target.find("generation=1") != std::string::npos ||
                              request.target.find("deleted") != std::string::npos;
          if (is_media) return is_old ? to.answer(404, "") : to.answer(200, "123456789");
          if (is_old) return to.answer(404, "");
          to.answer(200, object("changed", 8));
        });
  const Result<CapturedObjects> captured = capture();
  ASSERT_TRUE(captured.ok()) << captured.error().message();
  EXPECT_EQ(names(*captured), Names({"changed#8", "same#3"}));
  EXPECT_EQ(captured->count, 2U);
}

TEST_F(ObjectCaptureTest, OtherBytesThanTheChecksumSaysMakeNoPoint) {
  serve(object("a", 1, kChecksum),
        [](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, "123456780"); });
  const Result<CapturedObjects> captured = capture();
  ASSERT_TRUE(failed_with(captured, Code::Corrupt));
  EXPECT_NE(captured.error().message().find("gs://bucket/a"), std::string::npos);
}

TEST_F(ObjectCaptureTest, ObjectsWithKeysOfTheirOwnAreNamedAndNotRead) {
  serve(object("a", 1, kChecksum) + "," + object("b", 2, R"(,"customerEncryption":{})"),
        [](const LoopbackRequest& request, LoopbackConnection& to) {
          EXPECT_EQ(request.target.find("/o/b"), std::string::npos);
          to.answer(200, "123456789");
        });
  const Result<CapturedObjects> captured = capture();
  ASSERT_TRUE(captured.ok()) << captured.error().message();
  EXPECT_EQ(names(*captured), Names({"a#1"}));
  ASSERT_EQ(captured->uncovered.size(), 1U);
  EXPECT_EQ(captured->uncovered[0].name, "b");
}

TEST_F(ObjectCaptureTest, NamesOutOfOrderMakeNoPoint) {
  serve(object("b", 1) + "," + object("a", 2),
        [](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, "123456789"); });
  EXPECT_TRUE(failed_with(capture(), Code::Corrupt));
}

// What is damaged in the repository must not stand in the way of a new point.
TEST_F(ObjectCaptureTest, WhatAnEarlierPointHasLostIsReadAgain) {
  serve(object("a", 1, kChecksum),
        [](const LoopbackRequest&, LoopbackConnection& to) { to.answer(200, "123456789"); });
  const Result<CapturedObjects> first = capture();
  ASSERT_TRUE(first.ok()) << first.error().message();
  const ObjectCaptureOptions::Earlier earlier{first->manifest, first->objects};
  ASSERT_TRUE(capture(earlier).ok());
  EXPECT_EQ(bytes_read_, 0U);
  for (const auto& [file, bytes] : made_.backend.files()) {
    if (file.type == FileType::Pack || file.type == FileType::Index) made_.lose(file);
  }
  const Result<CapturedObjects> second = capture(earlier);
  ASSERT_TRUE(second.ok()) << second.error().message();
  EXPECT_EQ(bytes_read_, 9U);
  EXPECT_EQ(names(*second), Names({"a#1"}));
}

}  // namespace
}  // namespace firebreak
