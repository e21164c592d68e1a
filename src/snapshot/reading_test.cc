// The readers of snapshots other than restore: walk, find, diff, dump, reachable, repair.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <unistd.h>

#include "backend/memory.h"
#include "base/file.h"
#include "base/random.h"
#include "repository/blob_saver.h"
#include "snapshot/diff.h"
#include "snapshot/dump.h"
#include "snapshot/reachable.h"
#include "snapshot/repair.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

// Paths to content; a path that ends with a slash is an empty folder.
using Files = std::map<std::string, std::string>;

class ReadingTest : public testing::Test {
 protected:
  ReadingTest() : folder_(testing::TempDir() + "reading_test-" + std::to_string(getpid())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    const Result<void> made = Repository::init(
        backend_, {"secret", {"me", "here"}, ScryptCost{2, 1, 1}, {}}, system_clock(), {});
    CHECK(made.ok());
    auto opened = Repository::open(backend_, "secret", "", folder_ + "/cache", {});
    CHECK(opened.ok());
    repository_ = std::move(opened).value();
    CHECK(repository_->load_index(OnBroken::Fail, {}).ok());
  }
  ~ReadingTest() override { fs::remove_all(folder_); }

  BlobId save(const Files& files) {
    BlobSaver saver(*repository_, {}, {});
    const BlobId root = save_folder(saver, files);
    CHECK(saver.finish().ok());
    return root;
  }

  BlobId save_folder(BlobSaver& saver, const Files& files) {
    std::map<std::string, Files> folders;
    std::map<std::string, Node> nodes;
    for (const auto& [path, content] : files) {
      const std::size_t slash = path.find('/');
      Node node;
      node.name = path.substr(0, slash);
      node.modified = {std::chrono::sys_seconds(std::chrono::seconds(1'500'000'000)), 250};
      node.accessed = node.modified;
      if (slash != path.npos) {
        node.type = NodeType::Dir;
        node.mode = go_mode(040755);
        if (slash + 1 < path.size())
          folders[node.name][path.substr(slash + 1)] = content;
        else
          folders[node.name];
      } else {
        node.mode = go_mode(0100600);
        node.size = content.size();
        node.content.emplace();
        for (std::size_t at = 0; at < content.size(); at += 1000) {
          node.content->push_back(
              saver.save(BlobType::Data, as_bytes(content.substr(at, 1000))).value().id);
        }
      }
      nodes[node.name] = node;
    }
    Tree tree;
    for (auto& [name, node] : nodes) {
      if (node.type == NodeType::Dir) node.subtree = save_folder(saver, folders[name]);
      tree.nodes.push_back(node);
    }
    return saver.save(BlobType::Tree, as_bytes(encode_tree(tree).value())).value().id;
  }

  std::vector<std::string> diff(const Files& before, const Files& after, bool metadata = false) {
    std::vector<std::string> lines;
    const Result<void> done = diff_trees(*repository_, save(before), save(after), metadata,
                                         {[&](const Difference& one) -> Result<void> {
                                            lines.push_back(one.modifier() + " " + one.path);
                                            return {};
                                          },
                                          {}},
                                         {});
    EXPECT_TRUE(done.ok());
    return lines;
  }

  const std::string folder_;
  MemoryBackend backend_;
  std::unique_ptr<Repository> repository_;
};

using Lines = std::vector<std::string>;

TEST_F(ReadingTest, WalksInOrderAndPassesOverWhatItIsTold) {
  const BlobId root = save({{"b/x", "1"}, {"a", "2"}, {"b/y/z", "3"}, {"c/", ""}});
  Lines seen;
  TreeVisitor visitor;
  visitor.entry = [&](const std::string& path, const Node&) -> Result<bool> {
    seen.push_back(path);
    return path != "/b/y";
  };
  visitor.leave = [&](const std::string& path, const Node&, const Tree* tree) -> Result<void> {
    seen.push_back("leave " + path);
    EXPECT_NE(tree, nullptr);
    return {};
  };
  ASSERT_TRUE(walk_tree(*repository_, root, visitor, {}).ok());
  EXPECT_EQ(seen, (Lines{"/a", "/b", "/b/x", "/b/y", "leave /b", "/c", "leave /c", "leave "}));
  EXPECT_EQ(find_entry(*repository_, root, "/b/x", {}).value().size, 1U);
  EXPECT_EQ(find_entry(*repository_, root, "b//y/", {}).value().type, NodeType::Dir);
  EXPECT_TRUE(failed_with(find_entry(*repository_, root, "/b/q", {}), Code::NotFound));
  EXPECT_TRUE(failed_with(find_entry(*repository_, root, "/a/q", {}), Code::NotFound));
}

TEST_F(ReadingTest, DiffNamesEveryEntryThatDiffers) {
  EXPECT_EQ(diff({{"same/a", "1"}, {"x", "1"}}, {{"same/a", "1"}, {"x", "1"}}), Lines{});
  EXPECT_EQ(diff({{"d/a", "1"}, {"d/b", "2"}, {"e/f/g", "3"}, {"t", "4"}},
                 {{"d/a", "1"}, {"d/b", "!"}, {"h/i", "3"}, {"t/u", "4"}}),
            (Lines{"M? /d/b", "- /e", "- /e/f", "- /e/f/g", "+ /h", "+ /h/i", "T /t", "+ /t/u"}));
  EXPECT_EQ(diff({{"t", "4"}}, {{"t/", ""}}, true), (Lines{"TU /t"}));
}

TEST_F(ReadingTest, DumpsAFileInOrder) {
  Bytes noise(12'345);
  Random(1).fill(noise);
  const std::string content = to_text(noise);
  const BlobId root = save({{"f", content}, {"empty", ""}});
  for (const auto& [name, bytes] : Files{{"f", content}, {"empty", ""}}) {
    std::string got;
    const Node node = find_entry(*repository_, root, name, {}).value();
    const Result<void> done = dump_file(*repository_, node,
                                        [&](ByteView part) -> Result<void> {
                                          got += as_text(part);
                                          return {};
                                        },
                                        {});
    ASSERT_TRUE(done.ok());
    EXPECT_TRUE(got == bytes) << name;
  }
}

// The judge is the system's tar.
TEST_F(ReadingTest, DumpsATarThatTarReads) {
  Files files{
      {"plain", "hello"}, {"empty/", ""}, {"odd \xff\n", "x"}, {"b512", std::string(512, 'b')}};
  files[std::string(150, 'd') + "/" + std::string(200, 'f')] = "long";
  const BlobId root = save(files);
  Bytes tar;
  const Result<void> done = dump_tar(*repository_, root, "",
                                     [&](ByteView part) -> Result<void> {
                                       append(tar, part);
                                       return {};
                                     },
                                     {});
  ASSERT_TRUE(done.ok()) << done.error().message();
  ASSERT_TRUE(write_file(folder_ + "/dump.tar", tar).ok());
  fs::create_directories(folder_ + "/out");
  const std::string command =
      "tar -x --numeric-owner -f " + folder_ + "/dump.tar -C " + folder_ + "/out";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::size_t found = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ + "/out")) {
    if (entry.is_directory()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::string name = fs::relative(entry.path(), folder_ + "/out").string();
    ASSERT_TRUE(files.contains(name)) << name;
    EXPECT_EQ(bytes, files[name]);
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mtim.tv_sec, 1'500'000'000);
    EXPECT_EQ(status.st_mtim.tv_nsec, 250);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    ++found;
  }
  EXPECT_EQ(found, 4U);
  EXPECT_TRUE(fs::is_directory(folder_ + "/out/empty"));
}

TEST_F(ReadingTest, ReachesEveryBlobOnceAndNamesWhatIsLost) {
  const BlobId root = save({{"d/a", "1"}, {"d/b", std::string(2500, 'x')}, {"e/a", "1"}});
  const BlobId other = save({{"d/a", "1"}});
  Tree tree = load_tree(*repository_, other, {}).value();
  tree.nodes[0].name = "broken";
  tree.nodes[0].subtree = BlobId::from(Bytes(32, std::byte{1}));
  Node lost;
  lost.name = "lost";
  lost.content = {BlobId::from(Bytes(32, std::byte{2}))};
  tree.nodes.push_back(lost);
  BlobSaver saver(*repository_, {}, {});
  const BlobId damaged = saver.save(BlobType::Tree, as_bytes(encode_tree(tree).value())).value().id;
  ASSERT_TRUE(saver.finish().ok());

  std::map<std::pair<BlobType, BlobId>, int> marks;
  std::map<std::string, Code> problems;
  Mutex mutex;
  ReachableVisitor visitor;
  visitor.mark = [&](BlobType type, const BlobId& id) {
    const MutexLock lock(mutex);
    return ++marks[{type, id}] == 1;
  };
  visitor.problem = [&](const std::string& path, const Error& problem) -> Result<void> {
    const MutexLock lock(mutex);
    problems.emplace(path, problem.code());
    return {};
  };
  const Result<void> done =
      visit_reachable(*repository_, {{"one", root}, {"two", damaged}}, visitor, 3, {});
  ASSERT_TRUE(done.ok());
  // Trees: two roots, d, e (unlike d), the broken one. Data: "1", a chunk of x twice, its rest,
  // lost.
  EXPECT_EQ(marks.size(), 5U + 4U);
  EXPECT_EQ(problems, (std::map<std::string, Code>{{"two:/broken", Code::NotFound},
                                                   {"two:/lost", Code::NotFound}}));
}

TEST_F(ReadingTest, RepairsATreeByLeavingOutWhatIsLost) {
  const BlobId root = save({{"d/a", "1"}, {"d/b", std::string(2500, 'x')}, {"whole/f", "2"}});
  Tree folder =
      load_tree(*repository_, find_entry(*repository_, root, "d", {})->subtree.value(), {}).value();
  folder.nodes[1].content->insert(folder.nodes[1].content->begin() + 1,
                                  BlobId::from(Bytes(32, std::byte{2})));
  folder.nodes[1].size = 9999;
  Tree top = load_tree(*repository_, root, {}).value();
  BlobSaver saver(*repository_, {}, {});
  top.nodes[0].subtree = saver.save(BlobType::Tree, as_bytes(encode_tree(folder).value()))->id;
  Node gone = top.nodes[0];
  gone.name = "gone";
  gone.subtree = BlobId::from(Bytes(32, std::byte{3}));
  top.nodes.insert(top.nodes.begin() + 1, gone);
  const BlobId damaged = saver.save(BlobType::Tree, as_bytes(encode_tree(top).value())).value().id;
  std::map<std::string, std::string> losses;
  SnapshotRepairer repairer(
      *repository_, saver,
      [&](const std::string& path, const std::string& loss) { losses[path] = loss; });
  EXPECT_EQ(repairer.repair(root, {}).value(), root);
  ASSERT_TRUE(saver.finish().ok());
  EXPECT_TRUE(losses.empty());
  BlobSaver second(*repository_, {}, {});
  SnapshotRepairer again(
      *repository_, second,
      [&](const std::string& path, const std::string& loss) { losses[path] = loss; });
  const Result<BlobId> repaired = again.repair(damaged, {});
  ASSERT_TRUE(repaired.ok()) << repaired.error().message();
  ASSERT_TRUE(second.finish().ok());
  EXPECT_EQ(losses,
            (std::map<std::string, std::string>{{"/d/b", "2500 of 9999 bytes are left"},
                                                {"/gone", "the folder's entries are lost"}}));
  EXPECT_EQ(find_entry(*repository_, *repaired, "d/b", {})->size, 2500U);
  EXPECT_TRUE(
      load_tree(*repository_, find_entry(*repository_, *repaired, "gone", {})->subtree.value(), {})
          ->nodes.empty());
  EXPECT_EQ(find_entry(*repository_, *repaired, "whole/f", {})->size, 1U);
}

}  // namespace
}  // namespace firebreak
