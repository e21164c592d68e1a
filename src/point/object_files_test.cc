#include "point/object_files.h"

#include <gtest/gtest.h>
#include <set>

#include "point/folder.h"
#include "point/object_folders.h"
#include "point/object_names.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

// The tree that a capture of these names makes; a file's size is its name's number in order.
BlobId build(Repository& repository, const std::set<std::string>& names) {
  std::map<std::vector<std::string>, std::uint64_t> places;
  std::uint64_t number = 0;
  ObjectPlaces placer([&](const ObjectPlaces::Place& place, ByteView value) {
    places[place] = std::stoull(to_text(value));
    return Result<void>();
  });
  for (const std::string& name : names) {
    CHECK(placer.add(name, as_bytes(std::to_string(++number))).ok());
  }
  CHECK(placer.finish().ok());
  BlobSaver saver(repository, {}, {});
  const CutRule rule(repository.config().chunker_polynomial);
  ObjectFolders folders(rule, saver);
  const BlobId blob = saver.save(BlobType::Data, as_bytes("content"))->id;
  for (const auto& [place, size] : places) {
    CHECK(folders.add(place, file_node({}, size, {blob})).ok());
  }
  const Result<BlobId> tree = folders.finish();
  CHECK(tree.ok() && saver.finish().ok());
  return *tree;
}

TEST(ObjectFilesTest, FindsEveryObjectByItsName) {
  std::set<std::string> names{"a", "a/", "/x//y", "50%", "img", std::string(300, 'p')};
  for (int i = 0; i < 40; ++i) {
    names.insert(fmt::format("img/{:02}.jpg", i));
    names.insert(fmt::format("users/u{}/p.png", i));
    names.insert(fmt::format("{}deep{}", std::string(80, '/'), i));
  }
  // A folder of parts whose names begin alike for longer than parts tell.
  const std::string prefix = "flat/" + std::string(70, 'z');
  for (int i = 0; i < 3000; ++i) names.insert(fmt::format("{}{:x}", prefix, i * 2654435761U));
  for (int i = 0; i < 3000; ++i) names.insert(fmt::format("flat/{:x}", i * 2654435761U));
  TestRepository made;
  const auto repository = made.open();
  const BlobId tree = build(*repository, names);
  const auto again = made.open();
  std::uint64_t number = 0;
  for (const std::string& name : names) {
    ++number;
    if (number % 7 != 0 && name.starts_with("flat/")) continue;  // each is some trees to read
    const Result<Node> found = find_object_file(*again, tree, name, {});
    ASSERT_TRUE(found.ok()) << name;
    ASSERT_EQ(found->size, number) << name;
  }
  for (const char* missing : {"b", "img/", "img/40.jpg", "users/u1", "flat/none", "%l"}) {
    EXPECT_TRUE(failed_with(find_object_file(*again, tree, missing, {}), Code::NotFound))
        << missing;
  }
}

}  // namespace
}  // namespace firebreak
