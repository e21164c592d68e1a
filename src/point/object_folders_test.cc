#include "point/object_folders.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

#include "point/folder.h"
#include "repository/test_repository.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

class ObjectFoldersTest : public testing::Test {
 protected:
  // The tree of files at these places, "a/b" and so on; each has one blob, its size is its number.
  BlobId build(const std::set<std::vector<std::string>>& places) {
    const auto repository = made_.open();
    BlobSaver saver(*repository, {}, {});
    const CutRule rule(repository->config().chunker_polynomial);
    ObjectFolders folders(rule, saver);
    std::uint64_t number = 0;
    for (const auto& place : places) {
      EXPECT_TRUE(folders.add(place, file_node({}, ++number, {})).ok());
    }
    const Result<BlobId> tree = folders.finish();
    CHECK(tree.ok());
    CHECK(saver.finish().ok());
    return *tree;
  }

  // Every file below, by its path; counts the folders that hold parts of one.
  void walk(const Repository& repository, const BlobId& id, const std::string& path) {
    const Result<Tree> tree = load_tree(repository, id, {});
    ASSERT_TRUE(tree.ok()) << tree.error().message();
    largest_ = std::max(largest_, tree->nodes.size());
    for (const Node& node : tree->nodes) {
      const std::string name = path.empty() ? node.name : path + "/" + node.name;
      if (node.subtree) {
        parts_ += node.name.starts_with("%=") ? 1 : 0;
        walk(repository, *node.subtree, node.name.starts_with("%=") ? path : name);
      } else {
        found_[name] = node.size;
      }
    }
  }
  void expect(const std::set<std::vector<std::string>>& places,
              std::map<std::string, std::string> renamed = {}) {
    const BlobId tree = build(places);
    const auto repository = made_.open();
    found_.clear();
    walk(*repository, tree, "");
    std::map<std::string, std::uint64_t> wanted;
    std::uint64_t number = 0;
    for (const auto& place : places) {
      const std::string path = fmt::format("{}", fmt::join(place, "/"));
      wanted[renamed.contains(path) ? renamed[path] : path] = ++number;
    }
    EXPECT_EQ(found_, wanted);
    EXPECT_EQ(build(places), tree);
  }

  std::set<BlobId> trees_below(const BlobId& top) {
    const auto repository = made_.open();
    std::set<BlobId> trees{top};
    std::vector<BlobId> open{top};
    while (!open.empty()) {
      const Result<Tree> tree = load_tree(*repository, open.back(), {});
      open.pop_back();
      CHECK(tree.ok());
      for (const Node& node : tree->nodes) {
        if (!node.subtree) continue;
        trees.insert(*node.subtree);
        open.push_back(*node.subtree);
      }
    }
    return trees;
  }

  TestRepository made_;
  std::map<std::string, std::uint64_t> found_;
  std::size_t largest_ = 0;
  std::size_t parts_ = 0;
};

TEST_F(ObjectFoldersTest, NothingIsAnEmptyFolder) {
  expect({});
}

TEST_F(ObjectFoldersTest, AFileGivesWayToAFolderOfItsName) {
  expect({{"a"}, {"a", "x"}, {"a", "y", "z"}, {"a "}, {"a%2Fb"}, {"b", "c"}, {"b", "c", "d"}},
         {{"a", "a%f"}, {"b/c", "b/c%f"}});
}

TEST_F(ObjectFoldersTest, AFolderOfManyIsMadeOfParts) {
  std::set<std::vector<std::string>> places;
  for (int i = 0; i < 20'000; ++i) {
    places.insert({"flat", fmt::format("{:x}-{}", i * 2654435761U, i)});
  }
  expect(places);
  EXPECT_LE(largest_, 1024U);
  EXPECT_GT(parts_, 20U);
  EXPECT_LT(parts_, 300U);
  // One more changes one part, and the folders above it.
  const std::set<BlobId> old = trees_below(build(places));
  places.insert({"flat", "one more"});
  std::size_t fresh = 0;
  for (const BlobId& tree : trees_below(build(places))) fresh += old.contains(tree) ? 0 : 1;
  EXPECT_LE(fresh, 4U);
}

}  // namespace
}  // namespace firebreak
