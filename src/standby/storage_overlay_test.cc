#include "standby/storage_overlay.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

#include "standby/storage_content.h"

namespace firebreak {
namespace {

class StorageOverlayTest : public testing::Test {
 protected:
  StorageOverlayTest() {
    std::string pattern = testing::TempDir() + "storage-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    reopen();
  }
  ~StorageOverlayTest() override {
    overlay_.reset();
    std::filesystem::remove_all(folder_);
  }

  void reopen() {
    overlay_.reset();
    overlay_.emplace(*StorageOverlay::open(folder_));
  }
  static ObjectVersion version(const std::string& name, std::uint64_t generation,
                               bool is_live = true) {
    ObjectVersion made{name, generation, "content", {{"name", name}, {"size", "0"}}};
    if (!is_live) made.resource["timeDeleted"] = "then";
    return made;
  }
  void put(const std::string& bucket, const ObjectVersion& version) {
    StorageOverlay::Change change;
    change.put_version(bucket, version);
    ASSERT_TRUE(overlay_->write(std::move(change)).ok());
  }

  std::string folder_;
  std::optional<StorageOverlay> overlay_;
};

TEST_F(StorageOverlayTest, NamesComeInTheOrderOfTheirBytes) {
  std::vector<std::string> names = {"b",
                                    "a",
                                    std::string("a\0", 2),
                                    std::string("a\0a", 3),
                                    "a\1",
                                    "ab",
                                    "a\xc3\xbf",
                                    "a/b",
                                    "\xf0\x90\x80\x80",
                                    "c"};
  for (const std::string& name : names) {
    put("x", version(name, 7));
    put("x", version(name, 300));
    put("xx", version(name, 1));
  }
  std::sort(names.begin(), names.end());
  const StorageOverlay::View view = overlay_->view();
  StorageOverlay::View::Versions versions = view.versions("x");
  ASSERT_TRUE(versions.seek("").ok());
  for (const std::string& name : names) {
    for (const std::uint64_t generation : {7U, 300U}) {
      ASSERT_FALSE(versions.is_at_end());
      EXPECT_EQ(versions.version().name, name);
      EXPECT_EQ(versions.version().generation, generation);
      ASSERT_TRUE(versions.next().ok());
    }
  }
  EXPECT_TRUE(versions.is_at_end());
  ASSERT_TRUE(versions.seek("a", 7).ok());
  EXPECT_EQ(versions.version().generation, 300U);
  ASSERT_TRUE(versions.seek("a", 300).ok());
  EXPECT_EQ(versions.version().name, std::string("a\0", 2));
}

TEST_F(StorageOverlayTest, TheNewestVersionIsLiveUnlessItIsDeleted) {
  put("x", version("a", 1, false));
  put("x", version("a", 2));
  put("x", version("ab", 3));
  EXPECT_EQ((*overlay_->view().live("x", "a"))->generation, 2U);
  put("x", version("a", 2, false));
  EXPECT_FALSE(overlay_->view().live("x", "a")->has_value());
  EXPECT_EQ((*overlay_->view().version("x", "a", 1))->generation, 1U);
  EXPECT_FALSE(overlay_->view().live("x", "b")->has_value());
  EXPECT_FALSE(overlay_->view().live("y", "a")->has_value());
}

TEST_F(StorageOverlayTest, ContentWithoutANameEndsWithTheProcess) {
  const Bytes bytes(kContentPieceBytes + 5, std::byte{7});
  ContentWriter unnamed(*overlay_);
  ContentWriter named(*overlay_);
  for (ContentWriter* writer : {&unnamed, &named}) {
    ASSERT_TRUE(writer->write(bytes).ok());
    EXPECT_EQ(writer->kept(), kContentPieceBytes);
    ASSERT_TRUE(writer->finish().ok());
    EXPECT_EQ(*overlay_->view().content_size(writer->content()), bytes.size());
  }
  StorageOverlay::Change change;
  change.name_content(named.content());
  ASSERT_TRUE(overlay_->write(std::move(change)).ok());
  reopen();
  EXPECT_EQ(*overlay_->view().content_size(unnamed.content()), 0U);
  EXPECT_EQ(*overlay_->view().content_size(named.content()), bytes.size());
  EXPECT_TRUE(failed_with(overlay_->view().piece(unnamed.content(), 0), Code::Corrupt));
  EXPECT_EQ((*overlay_->view().piece(named.content(), 1)).size(), 5U);
}

TEST_F(StorageOverlayTest, AViewStaysAsItIs) {
  ContentWriter writer(*overlay_);
  ASSERT_TRUE(writer.write(as_bytes("bytes")).ok());
  ASSERT_TRUE(writer.finish().ok());
  const StorageOverlay::View before = overlay_->view();
  ASSERT_TRUE(writer.discard().ok());
  EXPECT_EQ(to_text(*before.piece(writer.content(), 0)), "bytes");
  EXPECT_FALSE(overlay_->view().piece(writer.content(), 0).ok());
}

}  // namespace
}  // namespace firebreak
