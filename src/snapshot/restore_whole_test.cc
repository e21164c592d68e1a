// Under its final name every file is whole: what else a restore leaves, and what it leaves alone.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "repository/test_repository.h"
#include "snapshot/restore.h"
#include "snapshot/temporary_name.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

class RestoreWhole : public testing::Test {
 protected:
  RestoreWhole() : target_(testing::TempDir() + "restore_whole-" + std::to_string(getpid())) {
    fs::remove_all(target_);
    fs::create_directories(target_);
    options_.target = target_;
    options_.on_error = [this](const std::string& path, const Error& problem) {
      const MutexLock lock(mutex_);
      errors_.push_back(path + ": " + problem.message());
    };
  }
  ~RestoreWhole() override { fs::remove_all(target_); }

  std::string there(const std::string& name) const { return target_ + "/" + name; }
  static void write(const std::string& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Names names() const {
    Names found;
    for (const auto& entry : fs::directory_iterator(target_)) {
      found.push_back(entry.path().filename().string());
    }
    std::ranges::sort(found);
    return found;
  }

  static BlobId save(Repository& repository, BlobType type, std::string_view bytes) {
    BlobSaver saver(repository, {}, {});
    const BlobId id = saver.save(type, as_bytes(bytes)).value().id;
    CHECK(saver.finish().ok());
    return id;
  }
  // Two blobs make "NAME's content". With `is_lost`, the second one is nowhere.
  Node file(const std::string& name, bool is_lost = false) {
    const auto repository = made_.open();
    Node node;
    node.name = name;
    node.mode = 0644;
    node.uid = getuid();
    node.gid = getgid();
    node.size = name.size() + 10;
    node.content = {save(*repository, BlobType::Data, name),
                    is_lost ? BlobId::from(Bytes(32, std::byte{9}))
                            : save(*repository, BlobType::Data, "'s content")};
    return node;
  }
  // What is restored; the errors are in `errors_`.
  RestoreProgress& restore(std::vector<Node> nodes) {
    std::ranges::sort(nodes, {}, &Node::name);
    Tree tree;
    tree.nodes = std::move(nodes);
    BlobId root = save(*made_.open(), BlobType::Tree, encode_tree(tree).value());
    errors_.clear();
    progress_.emplace();
    const Result<void> done = firebreak::restore(*made_.open(), root, options_, *progress_, {});
    EXPECT_TRUE(done.ok()) << done.error().message();
    return *progress_;
  }
  bool said(std::string_view words) const {
    return std::ranges::any_of(
        errors_, [&](const std::string& error) { return error.find(words) != std::string::npos; });
  }

  TestRepository made_;
  const std::string target_;
  RestoreOptions options_;
  std::optional<RestoreProgress> progress_;
  Mutex mutex_;
  Names errors_;
};

// One that sorts before its temporary name and one that sorts after.
TEST_F(RestoreWhole, ASnapshotMayHoldTemporaryNames) {
  Names all;
  std::vector<Node> nodes;
  for (const std::string& name : {std::string("!early"), std::string("late")}) {
    for (const std::string& one : {name, temporary_name(name, 0), temporary_name(name, 1)}) {
      all.push_back(one);
      nodes.push_back(file(one));
    }
  }
  std::ranges::sort(all);
  for (const Overwrite overwrite : {Overwrite::Never, Overwrite::Always, Overwrite::IfChanged}) {
    for (const bool delete_extra : {false, true}) {
      options_.overwrite = overwrite;
      options_.delete_extra = delete_extra;
      restore(nodes);
      EXPECT_TRUE(errors_.empty()) << errors_[0];
      EXPECT_EQ(names(), all);
      for (const std::string& name : all) EXPECT_EQ(read(there(name)), name + "'s content");
      fs::remove(there("late"));
    }
  }
}

TEST_F(RestoreWhole, KeepsWhatWasThereUntilTheNewOneIsWhole) {
  write(there("notes"), "old");
  restore({file("notes", true), file("other")});
  EXPECT_EQ(read(there("notes")), "old");
  EXPECT_EQ(read(there("notes.firebreak-damaged")), "notes");
  EXPECT_EQ(read(there("other")), "other's content");
  EXPECT_EQ(names().size(), 3U);
}

TEST_F(RestoreWhole, SaysAgainWhatIsDamaged) {
  for (const Overwrite overwrite : {Overwrite::Always, Overwrite::Never, Overwrite::IfNewer,
                                    Overwrite::IfChanged, Overwrite::Always}) {
    options_.overwrite = overwrite;
    restore({file("notes", true)});
    EXPECT_TRUE(said("/notes: nothing from byte 5 on"));
    const bool keeps = overwrite == Overwrite::Never || overwrite == Overwrite::IfNewer;
    EXPECT_EQ(said("what could be read is not kept"), keeps);
    EXPECT_EQ(said("what could be read is in " + there("notes.firebreak-damaged")), !keeps);
    EXPECT_EQ(names(), Names{"notes.firebreak-damaged"});
  }
}

TEST_F(RestoreWhole, ADamagedFileTakesNoNameOfTheSnapshots) {
  restore({file("notes", true), file("notes.firebreak-damaged")});
  EXPECT_EQ(read(there("notes.firebreak-damaged")), "notes.firebreak-damaged's content");
  EXPECT_EQ(read(there("notes.firebreak-damaged-1")), "notes");
  EXPECT_EQ(names().size(), 2U);
}

TEST_F(RestoreWhole, KeepsNothingWhereNothingCouldBeRead) {
  Node node = file("notes", true);
  node.content->erase(node.content->begin());
  restore({node});
  EXPECT_FALSE(errors_.empty());
  EXPECT_TRUE(names().empty());
}

TEST_F(RestoreWhole, DeletingSparesWhatThisRestoreCouldRead) {
  options_.delete_extra = true;
  write(there("whole.firebreak-damaged"), "an earlier one");
  restore({file("notes", true), file("whole")});
  EXPECT_EQ(names(), (Names{"notes.firebreak-damaged", "whole"}));
}

TEST_F(RestoreWhole, RemovesWhatAKilledOneLeftBesideWhatStays) {
  write(there("notes"), "mine");
  write(there("other"), "mine");
  const std::string snapshots = temporary_name("other", 0);
  const std::string folder = temporary_name("other", 1);
  write(there(temporary_name("notes", 0)), "half");
  write(there(temporary_name("notes", 1)), "half");
  write(there(temporary_name("excluded", 0)), "half");
  write(there(temporary_name("stranger", 0)), "half");
  fs::create_directory(there(folder));
  write(there(folder + "/inside"), "mine");
  Names left = {"notes",
                "other",
                folder,
                snapshots,
                temporary_name("excluded", 0),
                temporary_name("stranger", 0)};
  std::ranges::sort(left);
  options_.overwrite = Overwrite::Never;
  options_.select = [](const std::string& path, const Node&) {
    return Selection{path != "/excluded", true};
  };
  restore({file("notes"), file("other"), file(snapshots), file("excluded")});
  EXPECT_EQ(names(), left);
  EXPECT_EQ(read(there("notes")), "mine");
  EXPECT_EQ(read(there(folder + "/inside")), "mine");
  EXPECT_EQ(read(there(snapshots)), snapshots + "'s content");
}

// More pieces than a batch holds: when the walk leaves the folder, the file is begun.
TEST_F(RestoreWhole, RemovesNothingThatIsUnderWay) {
  Node large = file("large");
  large.content = std::vector(33'000, save(*made_.open(), BlobType::Data, "x"));
  large.size = 33'000;
  for (const bool delete_extra : {false, true}) {
    options_.delete_extra = delete_extra;
    restore({large, file("notes")});
    EXPECT_TRUE(errors_.empty()) << errors_[0];
    EXPECT_EQ(read(there("large")), std::string(33'000, 'x'));
    EXPECT_EQ(names(), (Names{"large", "notes"}));
  }
}

TEST_F(RestoreWhole, GivesWhatIsNotWholeNoOtherNames) {
  Node first = file("first", true);
  first.links = 2;
  Node second = first;
  second.name = "second";
  write(there("first"), "old first");
  write(there("second"), "old second");
  restore({first, second});
  EXPECT_TRUE(said("/second: a hard link to first, which is not whole"));
  EXPECT_EQ(read(there("first")), "old first");
  EXPECT_EQ(read(there("second")), "old second");
  first.content = second.content = file("first").content;
  restore({first, second});
  EXPECT_TRUE(errors_.empty());
  EXPECT_EQ(read(there("second")), "first's content");
  EXPECT_TRUE(fs::equivalent(there("first"), there("second")));
  EXPECT_EQ(names(), (Names{"first", "first.firebreak-damaged", "second"}));
}

}  // namespace
}  // namespace firebreak
