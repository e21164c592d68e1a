#include "snapshot/restore.h"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "backend/memory.h"
#include "base/random.h"
#include "snapshot/archiver.h"
#include "snapshot/file_metadata.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

class RestoreTest : public testing::Test {
 protected:
  RestoreTest() : folder_(testing::TempDir() + "restore_test-" + std::to_string(getpid())) {
    fs::remove_all(folder_);
    fs::create_directories(source());
    const Result<void> made = Repository::init(
        backend_, {"secret", {"me", "here"}, ScryptCost{2, 1, 1}, {}}, system_clock(), {});
    CHECK(made.ok());
    reopen();
  }
  ~RestoreTest() override { fs::remove_all(folder_); }

  void reopen() {
    auto opened = Repository::open(backend_, "secret", "", folder_ + "/cache", {});
    CHECK(opened.ok());
    repository_ = std::move(opened).value();
    CHECK(repository_->load_index(OnBroken::Fail, {}).ok());
  }

  std::string source() const { return folder_ + "/source"; }
  std::string target() const { return folder_ + "/target"; }
  std::string restored(const std::string& name) const { return target() + "/source/" + name; }

  static void write(const std::string& path, std::string_view content) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // The source as the root's only entry.
  BlobId back_up() {
    const fs::path before = fs::current_path();
    fs::current_path(folder_);
    ArchiveOptions options;
    options.targets = {"source"};
    ArchiveProgress progress;
    auto lock = RepositoryLock::acquire(backend_, repository_->sealer(), {}, system_clock(), {});
    const Result<ArchiveReport> report =
        archive(*repository_, lock->get(), options, progress, system_clock(), {});
    fs::current_path(before);
    CHECK(report.ok());
    CHECK(report->errors == 0);
    return report->snapshot.tree;
  }

  BlobId save(const std::vector<Node>& nodes) {
    std::string json = "{\"nodes\":[";
    for (const Node& node : nodes) {  // without the encoder's objections
      Tree one;
      one.nodes = {node};
      const std::string text = encode_tree(one).value();
      if (json.back() != '[') json += ',';
      json += text.substr(10, text.size() - 13);
    }
    json += "]}\n";
    BlobSaver saver(*repository_, {}, {});
    const BlobId id = saver.save(BlobType::Tree, as_bytes(json)).value().id;
    CHECK(saver.finish().ok());
    return id;
  }
  BlobId save_data(std::string_view bytes) {
    BlobSaver saver(*repository_, {}, {});
    const BlobId id = saver.save(BlobType::Data, as_bytes(bytes)).value().id;
    CHECK(saver.finish().ok());
    return id;
  }

  RestoreOptions options() {
    RestoreOptions made;
    made.target = target();
    made.on_error = [this](const std::string& path, const Error& problem) {
      const MutexLock lock(mutex_);
      errors_.push_back(path + ": " + problem.message());
    };
    return made;
  }
  void restore_all(const BlobId& root, const RestoreOptions& with) {
    RestoreProgress progress;
    const Result<void> done = restore(*repository_, root, with, progress, {});
    ASSERT_TRUE(done.ok()) << done.error().message();
    EXPECT_EQ(progress.errors, errors_.size());
  }
  std::vector<std::string> verify(const BlobId& root) {
    errors_.clear();
    RestoreProgress progress;
    const Result<void> done = verify_restored(*repository_, root, options(), progress, {});
    EXPECT_TRUE(done.ok());
    return std::exchange(errors_, {});
  }

  const std::string folder_;
  MemoryBackend backend_;
  std::unique_ptr<Repository> repository_;
  Mutex mutex_;
  std::vector<std::string> errors_;
};

Node file_node(const std::string& name, const std::vector<BlobId>& content, std::size_t size) {
  Node node;
  node.name = name;
  node.mode = 0644;
  node.uid = getuid();
  node.gid = getgid();
  node.size = size;
  node.content = content;
  return node;
}

TEST_F(RestoreTest, BringsBackContentAndMetadata) {
  Random random(3);
  Bytes large(30'000'000);
  random.fill(large);
  write(source() + "/large", as_text(large));
  write(source() + "/empty", "");
  write(source() + "/dir/a", "a");
  write(source() + "/odd \xff\"\\\n", "odd");
  fs::create_hard_link(source() + "/dir/a", source() + "/dir/b");
  fs::create_symlink("../outside", source() + "/link");
  ASSERT_EQ(mkfifo((source() + "/pipe").c_str(), 0640), 0);
  ASSERT_EQ(truncate((source() + "/large").c_str(), 60'000'000), 0);  // a long hole
  ASSERT_EQ(chmod((source() + "/dir/a").c_str(), 04751), 0);
  const bool has_attributes =
      setxattr((source() + "/empty").c_str(), "user.test", "v\0w", 3, 0) == 0;
  const timespec times[2] = {{1'000'000'001, 5}, {1'234'567'890, 123'456'789}};
  ASSERT_EQ(utimensat(AT_FDCWD, (source() + "/empty").c_str(), times, 0), 0);
  ASSERT_EQ(utimensat(AT_FDCWD, (source() + "/link").c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  ASSERT_EQ(utimensat(AT_FDCWD, (source() + "/dir").c_str(), times, 0), 0);
  const BlobId root = back_up();
  restore_all(root, options());
  EXPECT_TRUE(errors_.empty()) << errors_[0];

  std::size_t compared = 0;
  for (const auto& entry : fs::recursive_directory_iterator(source())) {
    const std::string name = fs::relative(entry.path(), source()).string();
    struct stat was {};
    struct stat is {};
    ASSERT_EQ(lstat(entry.path().c_str(), &was), 0);
    ASSERT_EQ(lstat(restored(name).c_str(), &is), 0) << name;
    EXPECT_EQ(is.st_mode, was.st_mode) << name;
    EXPECT_EQ(is.st_uid, was.st_uid) << name;
    EXPECT_EQ(file_time(is.st_mtim), file_time(was.st_mtim)) << name;
    EXPECT_EQ(is.st_nlink, was.st_nlink) << name;
    if (S_ISREG(was.st_mode)) {
      EXPECT_TRUE(read(restored(name)) == read(entry.path())) << name;
    }
    ++compared;
  }
  EXPECT_EQ(compared, 8U);
  EXPECT_EQ(fs::read_symlink(restored("link")), "../outside");
  struct stat sparse {};
  ASSERT_EQ(stat(restored("large").c_str(), &sparse), 0);
  EXPECT_LT(sparse.st_blocks * 512, 35'000'000);
  if (has_attributes) {
    char value[8];
    ASSERT_EQ(getxattr(restored("empty").c_str(), "user.test", value, sizeof value), 3);
    EXPECT_EQ(std::string_view(value, 3), std::string_view("v\0w", 3));
  }
  EXPECT_TRUE(verify(root).empty());
  std::fstream(restored("large")).seekp(29'000'000) << "x";
  EXPECT_EQ(verify(root).size(), 1U);
}

TEST_F(RestoreTest, ObeysTheOverwriteMode) {
  write(source() + "/f", "snapshot");
  const BlobId root = back_up();
  const auto restored_over = [&](const char* present, Overwrite mode, bool newer) {
    write(restored("f"), present);
    const timespec past[2] = {{1000, 0}, {newer ? 4'000'000'000 : 1000, 0}};
    CHECK(utimensat(AT_FDCWD, restored("f").c_str(), past, 0) == 0);
    RestoreOptions with = options();
    with.overwrite = mode;
    restore_all(root, with);
    return read(restored("f"));
  };
  EXPECT_EQ(restored_over("present!", Overwrite::Always, true), "snapshot");
  EXPECT_EQ(restored_over("present!", Overwrite::Never, false), "present!");
  EXPECT_EQ(restored_over("present!", Overwrite::IfNewer, true), "present!");
  EXPECT_EQ(restored_over("present!", Overwrite::IfNewer, false), "snapshot");
  EXPECT_EQ(restored_over("present!", Overwrite::IfChanged, false), "snapshot");
}

TEST_F(RestoreTest, ReplacesAFileWithoutTouchingItsOtherNames) {
  write(source() + "/f", "snapshot");
  const BlobId root = back_up();
  write(folder_ + "/outside", "mine");
  fs::create_directories(target() + "/source");
  fs::create_hard_link(folder_ + "/outside", restored("f"));
  restore_all(root, options());
  EXPECT_EQ(read(restored("f")), "snapshot");
  EXPECT_EQ(read(folder_ + "/outside"), "mine");
}

TEST_F(RestoreTest, DeletesOnlyWhatIsExtraAndSelected) {
  write(source() + "/keep", "1");
  write(source() + "/sub/keep", "1");
  const BlobId root = back_up();
  write(restored("extra/deep/er"), "2");
  write(restored("sub/extra"), "2");
  write(restored("spared"), "2");
  RestoreOptions with = options();
  with.delete_extra = true;
  with.dry_run = true;
  with.select = [](const std::string& path, const Node&) {
    return Selection{!path.ends_with("/spared"), true};
  };
  restore_all(root, with);
  EXPECT_TRUE(fs::exists(restored("extra/deep/er")));
  EXPECT_FALSE(fs::exists(restored("keep")));
  with.dry_run = false;
  restore_all(root, with);
  EXPECT_FALSE(fs::exists(restored("extra")));
  EXPECT_FALSE(fs::exists(restored("sub/extra")));
  EXPECT_TRUE(fs::exists(restored("spared")));
  EXPECT_EQ(read(restored("sub/keep")), "1");
}

TEST_F(RestoreTest, WritesNothingOutsideTheTarget) {
  const std::string canary = folder_ + "/canary";
  write(canary, "alive");
  const BlobId data = save_data("hostile");
  std::vector<Node> nodes;
  for (const char* const name :
       {"../canary", "..", ".", "/etc/hostile", "a/../../canary", "canary"}) {
    nodes.push_back(file_node(name, {data}, 7));
  }
  Node link;
  link.name = "door";
  link.type = NodeType::Symlink;
  link.link_target = folder_;
  nodes.push_back(link);
  Node door;  // a folder of the same name, to write through the link
  door.name = "door";
  door.type = NodeType::Dir;
  door.subtree = save({file_node("canary", {data}, 7)});
  nodes.push_back(door);
  Node up = door;
  up.name = "..";
  nodes.push_back(up);
  const BlobId root = save(nodes);
  // The target holds doors of its own.
  fs::create_directories(target());
  fs::create_symlink(canary, target() + "/canary");
  restore_all(root, options());
  EXPECT_EQ(read(canary), "alive");
  EXPECT_EQ(read(target() + "/canary"), "hostile");
  EXPECT_FALSE(fs::is_symlink(target() + "/canary"));
  EXPECT_GE(errors_.size(), 6U);
  std::vector<std::string> outside;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    outside.push_back(entry.path().filename().string());
  }
  std::ranges::sort(outside);
  EXPECT_EQ(outside, (std::vector<std::string>{"cache", "canary", "source", "target"}));
}

TEST_F(RestoreTest, DoesNotFollowALinkInPlaceOfAFolder) {
  write(source() + "/dir/f", "snapshot");
  const BlobId root = back_up();
  fs::create_directories(target() + "/source");
  fs::create_directories(folder_ + "/elsewhere");
  fs::create_directory_symlink(folder_ + "/elsewhere", restored("dir"));
  restore_all(root, options());
  EXPECT_TRUE(fs::is_empty(folder_ + "/elsewhere"));
  EXPECT_EQ(read(restored("dir/f")), "snapshot");
}

// Equal inode numbers with unequal content are no hard links, whatever the tree says.
TEST_F(RestoreTest, LinksOnlyFilesOfEqualContent) {
  Node one = file_node("1", {save_data("one")}, 3);
  Node two = file_node("2", {save_data("two")}, 3);
  one.links = two.links = 2;
  restore_all(save({one, two}), options());
  EXPECT_EQ(read(target() + "/1"), "one");
  EXPECT_EQ(read(target() + "/2"), "two");
}

TEST_F(RestoreTest, NamesLostBytesAndRestoresTheRest) {
  const BlobId lost = BlobId::from(Bytes(32, std::byte{9}));
  const BlobId good = save_data("good");
  Bytes noise(100'000);
  Random(5).fill(noise);
  const BlobId broken = save_data(as_text(noise));
  const BlobId root = save({file_node("broken", {good, broken}, 100'004),
                            file_node("fine", {good}, 4), file_node("lost", {good, lost}, 9)});
  const PackId pack = repository_->index().find(BlobType::Data, broken).front().pack;
  const FileName file{FileType::Pack, pack.hex()};
  Bytes bytes = backend_.files().at(file);
  bytes[50'000] ^= std::byte{1};
  ASSERT_TRUE(backend_.remove(file, {}).ok());
  ASSERT_TRUE(backend_.save(file, bytes, {}).ok());
  restore_all(root, options());
  EXPECT_EQ(read(target() + "/fine"), "good");
  // Nothing that is not whole passes for the snapshot's.
  EXPECT_FALSE(fs::exists(target() + "/broken"));
  EXPECT_FALSE(fs::exists(target() + "/lost"));
  EXPECT_EQ(read(target() + "/broken.firebreak-damaged").substr(0, 4), "good");
  EXPECT_EQ(read(target() + "/broken.firebreak-damaged").size(), 100'004U);
  EXPECT_EQ(read(target() + "/lost.firebreak-damaged"), "good");
  ASSERT_GE(errors_.size(), 2U);
  const auto names = [&](std::string_view name) {
    return std::ranges::any_of(
        errors_, [&](const std::string& error) { return error.find(name) != std::string::npos; });
  };
  EXPECT_TRUE(names("/broken: bytes 4 to 100004 are lost"));
  EXPECT_TRUE(names("/broken: not whole; what could be read is in " + target() +
                    "/broken.firebreak-damaged"));
  EXPECT_TRUE(names("/lost: nothing from byte 4 on"));
  EXPECT_FALSE(names("/fine"));
}

}  // namespace
}  // namespace firebreak
