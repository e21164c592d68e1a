#include "snapshot/partial_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace firebreak {
namespace {

namespace fs = std::filesystem;

class PartialFileTest : public testing::Test {
 protected:
  PartialFileTest()
      : folder_(testing::TempDir() + "partial_file_test-" + std::to_string(getpid())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_ + "/target/dir");
    write(outside(), "outside");
    Result<TargetFolder> made = TargetFolder::look(folder_ + "/target");
    CHECK(made.ok());
    target_.emplace(std::move(made).value());
  }
  ~PartialFileTest() override { fs::remove_all(folder_); }

  std::string outside() const { return folder_ + "/outside"; }
  std::string there(const std::string& name) const { return folder_ + "/target/dir/" + name; }
  static std::string temporary(unsigned choice = 0) { return temporary_name("notes", choice); }

  static void write(const std::string& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_ + "/target/dir")) {
      found.push_back(entry.path().filename().string());
    }
    std::ranges::sort(found);
    return found;
  }

  Placing placing(bool replaces = false, TakenNames taken = nullptr) const {
    return {"dir/notes", replaces, std::move(taken)};
  }
  // Writes "new" and ends with what opening or naming said.
  Result<void> restore(PartialFile& file) {
    PartialFile::Opened opened = TRY(file.open());
    TRY(write_all_at(opened.fd.get(), as_bytes("new"), 0));
    return file.give_final_name(std::move(opened));
  }

  const std::string folder_;
  std::optional<TargetFolder> target_;
};

TEST_F(PartialFileTest, HasItsNameWhenItIsWhole) {
  PartialFile file(*target_, placing());
  EXPECT_FALSE(file.is_made());
  Result<PartialFile::Opened> opened = file.open();
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(file.is_made());
  EXPECT_TRUE(file.lies_at("dir/" + temporary()));
  EXPECT_EQ(names(), std::vector<std::string>{temporary()});
  ASSERT_TRUE(write_all_at(opened->fd.get(), as_bytes("new"), 0).ok());
  ASSERT_TRUE(file.give_final_name(*file.open()).ok());
  EXPECT_EQ(names(), std::vector<std::string>{"notes"});
  EXPECT_EQ(read(there("notes")), "new");
  file.discard();
  EXPECT_EQ(names(), std::vector<std::string>{"notes"});
}

TEST_F(PartialFileTest, ReplacesOnlyWhatItMay) {
  write(there("notes"), "old");
  PartialFile kept(*target_, placing());
  const Result<void> refused = restore(kept);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::Conflict);
  EXPECT_EQ(read(there("notes")), "old");
  kept.discard();
  fs::create_hard_link(there("notes"), folder_ + "/other name");
  PartialFile replaced(*target_, placing(true));
  ASSERT_TRUE(restore(replaced).ok());
  EXPECT_EQ(read(there("notes")), "new");
  EXPECT_EQ(read(folder_ + "/other name"), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"notes"});
}

TEST_F(PartialFileTest, TakesOverWhatLiesUnderItsTemporaryName) {
  const std::string path = there(temporary());
  for (const std::function<void()>& plant : std::vector<std::function<void()>>{
           [&] { write(path, "what a killed restore left, and longer"); },
           [&] { fs::create_symlink(outside(), path); },
           [&] { fs::create_symlink("../../nothing yet", path); },
           [&] { fs::create_hard_link(outside(), path); },
           [&] { CHECK(mkfifo(path.c_str(), 0600) == 0); }}) {
    plant();
    PartialFile file(*target_, placing(true));
    const Result<void> restored = restore(file);
    ASSERT_TRUE(restored.ok()) << restored.error().message();
    EXPECT_EQ(read(there("notes")), "new");
    EXPECT_EQ(names(), std::vector<std::string>{"notes"});
    EXPECT_EQ(read(outside()), "outside");
    EXPECT_FALSE(fs::exists(folder_ + "/nothing yet"));
  }
}

TEST_F(PartialFileTest, LeavesAFolderAndWhatTheSnapshotHas) {
  fs::create_directory(there(temporary(0)));
  write(there(temporary(1)), "the snapshot's");
  Tree tree;
  tree.nodes.resize(1);
  tree.nodes[0].name = temporary(1);
  PartialFile file(*target_, placing(false, taken_names(tree)));
  Result<PartialFile::Opened> opened = file.open();
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(file.lies_at("dir/" + temporary(2)));
  ASSERT_TRUE(file.give_final_name(std::move(opened).value()).ok());
  EXPECT_EQ(read(there(temporary(1))), "the snapshot's");
  EXPECT_EQ(names().size(), 3U);
  for (unsigned choice = 2; choice < kTemporaryNames; ++choice) {
    fs::create_directory(there(temporary(choice)));
  }
  PartialFile nowhere(*target_, placing(true, taken_names(tree)));
  EXPECT_EQ(nowhere.open().error().code(), Code::Conflict);
}

TEST_F(PartialFileTest, GoesOnOnlyWithTheFileThatItMade) {
  for (const bool is_link : {false, true}) {
    PartialFile file(*target_, placing());
    Result<PartialFile::Opened> opened = file.open();
    ASSERT_TRUE(opened.ok());
    fs::remove(there(temporary()));
    if (is_link) {
      fs::create_symlink(outside(), there(temporary()));
    } else {
      fs::create_hard_link(outside(), there(temporary()));
    }
    EXPECT_FALSE(file.open().ok());
    // Nor is another's file renamed or removed.
    const Result<void> named = file.give_final_name(std::move(opened).value());
    ASSERT_FALSE(named.ok());
    EXPECT_EQ(named.error().code(), Code::Conflict);
    file.discard();
    EXPECT_EQ(names(), std::vector<std::string>{temporary()});
    EXPECT_EQ(read(outside()), "outside");
  }
}

TEST_F(PartialFileTest, IsRemovedWhereItIsGivenUp) {
  PartialFile file(*target_, placing());
  file.discard();  // of nothing
  ASSERT_TRUE(file.open().ok());
  file.discard();
  EXPECT_TRUE(names().empty());
}

TEST_F(PartialFileTest, IsCalledDamaged) {
  write(there("notes.firebreak-damaged"), "an earlier one");
  for (const bool replaces : {false, true}) {
    PartialFile file(*target_, placing(true));
    Result<PartialFile::Opened> opened = file.open();
    ASSERT_TRUE(opened.ok());
    const Result<std::string> damaged = file.give_damaged_name(std::move(opened).value(), replaces);
    EXPECT_EQ(damaged.ok(), replaces);
    if (replaces) {
      EXPECT_EQ(*damaged, "dir/notes.firebreak-damaged");
    }
    EXPECT_EQ(read(there("notes.firebreak-damaged")), replaces ? "" : "an earlier one");
    file.discard();
    EXPECT_EQ(names(), std::vector<std::string>{"notes.firebreak-damaged"});
  }
}

TEST_F(PartialFileTest, LinksAndLinkTargetsMakeNoHalvesEither) {
  write(there("first"), "whole");
  write(there("notes"), "old");
  EXPECT_EQ(place_link(*target_, "dir/first", placing()).error().code(), Code::Conflict);
  ASSERT_TRUE(place_link(*target_, "dir/first", placing(true)).ok());
  EXPECT_EQ(fs::hard_link_count(there("first")), 2U);
  ASSERT_TRUE(place_link(*target_, "dir/first", placing(true)).ok());  // it is one already
  Node link;
  link.type = NodeType::Symlink;
  link.link_target = "first";
  link.uid = getuid();
  link.gid = getgid();
  EXPECT_EQ(place_special(*target_, placing(), link).error().code(), Code::Conflict);
  EXPECT_EQ(read(there("notes")), "whole");
  ASSERT_TRUE(place_special(*target_, placing(true), link).ok());
  EXPECT_EQ(fs::read_symlink(there("notes")), "first");
  EXPECT_EQ(names(), (std::vector<std::string>{"first", "notes"}));
}

}  // namespace
}  // namespace firebreak
