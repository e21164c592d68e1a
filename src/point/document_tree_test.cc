#include "point/document_tree.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

#include "firestore/document_key.h"
#include "firestore/document_path.h"
#include "firestore/record.h"
#include "firestore/test_values.h"
#include "firestore/value.h"
#include "point/document_diff.h"
#include "point/folder.h"
#include "point/name_order.h"
#include "point/tree_piece.h"
#include "repository/test_repository.h"

namespace firebreak {
namespace {

const std::string kDocuments = "projects/p/databases/d/documents";

struct Content {
  std::string text;
  std::uint64_t update_seconds = 1;
  bool operator==(const Content&) const = default;
};
using Contents = std::map<std::string, Content>;  // by path

std::string record_of(const std::string& path, const Content& content) {
  const std::string message =
      V::field(kDocumentName, fmt::format("{}/{}", kDocuments, path)) +
      V::entries(kDocumentFields, {{"text", V::text(content.text)}}) +
      V::field(kDocumentCreateTime, V::number_field(kTimeSeconds, 1)) +
      V::field(kDocumentUpdateTime, V::number_field(kTimeSeconds, content.update_seconds));
  RecordEncoder encoder(kDocuments);
  CHECK(encoder.encode(as_bytes(message)).ok());
  return to_text(encoder.record());
}

std::string random_path(Random& random) {
  const auto id = [&] {
    return random.below(4) == 0
               ? fmt::format("__id{}__", random.below(9))
               : std::string(1 + random.below(3), static_cast<char>('a' + random.below(26)));
  };
  std::string path;
  for (std::uint64_t depth = 1 + random.below(3); depth > 0; --depth) {
    path += fmt::format("{}c{}/{}", path.empty() ? "" : "/", random.below(5), id());
  }
  return path;
}

Contents random_contents(Random& random, std::uint64_t count, std::uint64_t size) {
  Contents contents;
  while (contents.size() < count) {
    contents[random_path(random)] = {std::string(random.below(size), 't'), 1};
  }
  return contents;
}

class DocumentTreeTest : public testing::Test {
 protected:
  BlobId build(const Contents& contents) {
    std::map<std::string, std::string> records;
    for (const auto& [path, content] : contents) {
      records[document_key(path)] = record_of(path, content);
    }
    const auto repository = place_.open();
    const CutRule rule(repository->config().chunker_polynomial);
    BlobSaver saver(*repository, {}, {});
    TreePiece piece(rule, saver);
    for (const auto& [key, record] : records) CHECK(piece.add(key, as_bytes(record)).ok());
    const Result<BlobId> top = piece.finish();
    CHECK(top.ok() && saver.finish().ok());
    return *top;
  }

  TestRepository place_;
  const std::uint64_t seed_ = std::random_device{}();
  Random random_{seed_};
};

// The text of a record's document.
std::string text_of(ByteView record) {
  const Result<RecordView> view = RecordView::parse(record);
  CHECK(view.ok());
  const auto value = find_value(view->fields(), kDocumentFields, "text");
  CHECK(value.ok() && *value);
  return to_text((*value)->bytes());
}

TEST_F(DocumentTreeTest, FindsWhatIsThere) {
  SCOPED_TRACE(seed_);
  const Contents contents = random_contents(random_, 800, 4000);
  const BlobId top = build(contents);
  const auto repository = place_.open();
  const DocumentTree tree(*repository, top);
  for (int round = 0; round < 500; ++round) {
    const std::string path = random_path(random_);
    const Result<std::optional<Bytes>> found = tree.find(document_key(path), {});
    ASSERT_TRUE(found.ok());
    const auto wanted = contents.find(path);
    ASSERT_EQ(found->has_value(), wanted != contents.end()) << path;
    if (*found) {
      EXPECT_EQ(text_of(**found), wanted->second.text);
    }
  }
  std::map<std::string, std::string> by_key;
  for (const auto& [path, content] : contents) by_key[document_key(path)] = content.text;
  for (int round = 0; round < 50; ++round) {
    const std::string from = document_key(random_path(random_));
    DocumentTree::Cursor cursor = tree.documents();
    ASSERT_TRUE(cursor.seek(from).ok());
    for (auto wanted = by_key.lower_bound(from); wanted != by_key.end(); ++wanted) {
      ASSERT_FALSE(cursor.is_at_end());
      EXPECT_EQ(cursor.key(), wanted->first);
      EXPECT_EQ(text_of(cursor.record()), wanted->second);
      ASSERT_TRUE(cursor.next().ok());
    }
    EXPECT_TRUE(cursor.is_at_end());
  }
}

TEST_F(DocumentTreeTest, GivesAnyRangeInTheOrderOfNames) {
  SCOPED_TRACE(seed_);
  const Contents contents = random_contents(random_, 800, 4000);
  std::set<std::string> ids;
  std::map<std::string, std::string> by_name;
  for (const auto& [path, content] : contents) {
    ids.insert(std::string(collection_id(path)));
    by_name[name_key(path)] = path;
  }
  const BlobId top = build(contents);
  const auto repository = place_.open();
  const DocumentTree tree(*repository, top);
  for (int round = 0; round < 100; ++round) {
    PathRange range{random_.below(4) == 0 ? "" : random_path(random_),
                    random_.below(4) == 0 ? "" : random_path(random_)};
    std::vector<std::string> found;
    Result<NameOrder> order = NameOrder::begin(tree, {ids.begin(), ids.end()}, range);
    ASSERT_TRUE(order.ok());
    while (!order->is_at_end()) {
      found.push_back(std::string(RecordView::parse(order->record())->path()));
      EXPECT_EQ(name_key(found.back()), order->name_key());
      ASSERT_TRUE(order->next().ok());
    }
    std::vector<std::string> wanted;
    for (const auto& [key, path] : by_name) {
      if (key < name_key(range.begin)) continue;
      if (range.end.empty() || key < name_key(range.end)) wanted.push_back(path);
    }
    EXPECT_EQ(found, wanted) << range.begin << " to " << range.end;
  }
}

TEST_F(DocumentTreeTest, DiffersInWhatHasChanged) {
  SCOPED_TRACE(seed_);
  for (int round = 0; round < 20; ++round) {
    const Contents before = random_contents(random_, 1 + random_.below(600), 4000);
    Contents after = before;
    for (std::uint64_t changes = random_.below(20); changes > 0; --changes) {
      const std::string path = random_path(random_);
      switch (random_.below(3)) {
        case 0:
          after.erase(path);
          break;
        case 1:
          after[path].text += "more";
          break;
        default:
          after[path].update_seconds = 2;
          break;
      }
    }
    std::map<std::string, std::string> wanted;
    for (const auto& [path, content] : before) {
      if (!after.contains(path)) wanted[path] = "gone";
    }
    for (const auto& [path, content] : after) {
      const auto old = before.find(path);
      if (old == before.end()) {
        wanted[path] = "new";
      } else if (old->second != content) {
        wanted[path] = old->second.text != content.text ? "changed" : "touched";
      }
    }
    const BlobId old_top = build(before);
    const BlobId new_top = build(after);
    const auto repository = place_.open();
    std::map<std::string, std::string> found;
    const Result<void> done =
        diff_documents(DocumentTree(*repository, old_top), DocumentTree(*repository, new_top),
                       [&](const DocumentDifference& one) -> Result<void> {
                         const std::string what = one.before.empty()  ? "new"
                                                  : one.after.empty() ? "gone"
                                                  : one.fields_differ ? "changed"
                                                                      : "touched";
                         EXPECT_TRUE(found.emplace(one.path, what).second);
                         return {};
                       },
                       {});
    ASSERT_TRUE(done.ok());
    EXPECT_EQ(found, wanted);
  }
}

// What a tree says of itself is not trusted: nothing wrong is given out as a document.
TEST_F(DocumentTreeTest, RefusesLeavesThatAreNone) {
  const std::string a = record_of("c/a", {"a"});
  const std::string b = record_of("c/b", {"b"});
  const auto framed = [](const std::string& record) {
    Bytes bytes;
    append_varint(bytes, record.size());
    return to_text(bytes) + record;
  };
  for (const std::string& leaf :
       {framed(b) + framed(a), framed(a) + framed(a),
        framed(a) + "\x05"
                    "x",
        framed(a) + "\xff", framed("no record"), std::string("\x00", 1), std::string(1, '\x0a')}) {
    const auto repository = place_.open();
    BlobSaver saver(*repository, {}, {});
    KeyTreeBuilder builder(saver);
    const Result<SavedBlob> saved = saver.save(BlobType::Data, as_bytes(leaf));
    ASSERT_TRUE(saved.ok());
    ASSERT_TRUE(
        builder.add({saved->id, static_cast<std::uint32_t>(leaf.size()), Cut::None, ""}).ok());
    const Result<BlobId> top = builder.finish();
    ASSERT_TRUE(top.ok() && saver.finish().ok());
    const DocumentTree tree(*repository, *top);
    EXPECT_TRUE(failed_with(tree.find(document_key("c/a"), {}), Code::Corrupt));
    DocumentTree::Cursor cursor = tree.documents();
    EXPECT_TRUE(failed_with(cursor.seek(""), Code::Corrupt));
  }
}

TEST_F(DocumentTreeTest, RefusesLeavesOutOfPlace) {
  const auto leaf = [](const std::vector<std::string>& paths) {
    Bytes bytes;
    for (const std::string& path : paths) {
      const std::string record = record_of(path, {"text"});
      append_varint(bytes, record.size());
      append(bytes, as_bytes(record));
    }
    return bytes;
  };
  using Leaves = std::vector<std::pair<std::string, Bytes>>;  // with their separators
  for (const Leaves& leaves :
       {Leaves{{"", leaf({"c/a"})}, {document_key("c/c"), leaf({"c/b"})}},
        Leaves{{"", leaf({"c/a", "c/c"})}, {document_key("c/b"), leaf({"c/b"})}}}) {
    const auto repository = place_.open();
    BlobSaver saver(*repository, {}, {});
    KeyTreeBuilder builder(saver);
    for (const auto& [separator, bytes] : leaves) {
      const Result<SavedBlob> saved = saver.save(BlobType::Data, bytes);
      ASSERT_TRUE(saved.ok());
      ASSERT_TRUE(
          builder.add({saved->id, static_cast<std::uint32_t>(bytes.size()), Cut::Leaf, separator})
              .ok());
    }
    const Result<BlobId> top = builder.finish();
    ASSERT_TRUE(top.ok() && saver.finish().ok());
    const DocumentTree tree(*repository, *top);
    DocumentTree::Cursor cursor = tree.documents();
    Result<void> moved = cursor.seek("");
    while (moved.ok() && !cursor.is_at_end()) moved = cursor.next();
    EXPECT_TRUE(failed_with(moved, Code::Corrupt));
  }
}

TEST_F(DocumentTreeTest, RefusesFoldersThatAreNone) {
  const auto repository = place_.open();
  BlobSaver saver(*repository, {}, {});
  const std::string record = record_of("c/a", {"a"});
  Bytes leaf;
  append_varint(leaf, record.size());
  append(leaf, as_bytes(record));
  const Result<SavedBlob> blob = saver.save(BlobType::Data, leaf);
  ASSERT_TRUE(blob.ok());
  const auto file = [&](const std::string& name) {
    return file_node(name, leaf.size(), {blob->id});
  };
  const auto keys = [&](std::string_view bytes) {
    const Result<Node> node = save_file(saver, "!keys", as_bytes(bytes));
    CHECK(node.ok());
    return *node;
  };
  const std::string one_leaf("\1\1\0\0", 4);  // one child with one leaf, whose separator is empty
  const Result<BlobId> good = save_folder(saver, {keys(one_leaf), file("s-")});
  ASSERT_TRUE(good.ok());
  const std::vector<std::vector<Node>> broken = {
      {file("s-")},                                             // no keys
      {keys(""), file("s-")},                                   // cut off
      {keys(std::string("\2\1\1\0\0\0\1a", 8)), file("s-")},    // of two children
      {keys(std::string("\1\2\0\0\0\1a", 7)), file("s-")},      // of two leaves
      {keys(std::string("\1\1\0\1a", 5)), file("s-")},          // does not begin at the beginning
      {keys(one_leaf + "x"), file("s-")},                       // goes on
      {keys(std::string("\1\1\5\0", 4)), file("s-")},           // shares what is not there
      {keys(one_leaf), file("s-"), folder_node("d-a", *good)},  // files and folders
      {folder_node("d-b", *good)},                              // its first is not the first
      {folder_node("d-", *good), folder_node("d-a", *good)},    // the second is not what it says
      {folder_node("d-%zz", *good)},                            // no name
  };
  std::vector<BlobId> tops;
  for (const std::vector<Node>& nodes : broken) {
    const Result<BlobId> top = save_folder(saver, nodes);
    ASSERT_TRUE(top.ok());
    tops.push_back(*top);
  }
  ASSERT_TRUE(saver.finish().ok());
  const DocumentTree sound(*repository, *good);
  EXPECT_TRUE(sound.find(document_key("c/a"), {})->has_value());
  for (std::size_t which = 0; which < tops.size(); ++which) {
    const DocumentTree tree(*repository, tops[which]);
    DocumentTree::Cursor cursor = tree.documents();
    Result<void> moved = cursor.seek("");
    while (moved.ok() && !cursor.is_at_end()) moved = cursor.next();
    EXPECT_TRUE(failed_with(moved, Code::Corrupt)) << which;
  }
}

}  // namespace
}  // namespace firebreak
