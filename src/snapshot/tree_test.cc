#include "snapshot/tree.h"

#include <gtest/gtest.h>
#include <random>
#include <sys/stat.h>

#include "base/random.h"
#include "base/text.h"
#include "snapshot/go_text.h"

namespace firebreak {
namespace {

std::string quoted_name(std::string_view name) {
  std::string text;
  append_quoted(text, name);
  return text;
}

std::string json_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

TEST(GoText, QuotesAsGoDoes) {
  EXPECT_EQ(quoted_name("plain name.txt"), "plain name.txt");
  EXPECT_EQ(quoted_name("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(quoted_name("\a\b\f\n\r\t\v\x01\x7f"), "\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f");
  EXPECT_EQ(quoted_name("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(quoted_name("gr\xc3\xbc\xc3\x9f \xe6\x97\xa5"), "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5");
  EXPECT_EQ(quoted_name("\xc2\xa0"), "\\u00a0");                   // no-break space
  EXPECT_EQ(quoted_name("\xe2\x80\x8b"), "\\u200b");               // zero width space
  EXPECT_EQ(quoted_name("\xf3\xa0\x80\x81"), "\\U000e0001");       // language tag
  EXPECT_EQ(quoted_name("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");  // an emoji is printable
  EXPECT_EQ(quoted_name("\xef\xbf\xbd"), "\xef\xbf\xbd");          // a real U+FFFD
  EXPECT_EQ(quoted_name("\xed\xa0\x80"), "\\xed\\xa0\\x80");       // half a surrogate pair
}

TEST(GoText, UnquoteReversesQuoteForAnyBytes) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes(random.below(40));
    random.fill(bytes);
    for (std::byte& byte : bytes) {
      if (random.below(2) == 0) byte &= std::byte{0x7f};
    }
    const std::string name = to_text(bytes);
    const Result<std::string> back = unquote(quoted_name(name));
    ASSERT_TRUE(back.ok()) << to_hex(bytes);
    EXPECT_EQ(*back, name);
  }
}

TEST(GoText, UnquoteRefusesWhatGoRefuses) {
  for (const char* text : {"\"", "\n", "\\", "\\x1", "\\xg0", "\\u12", "\\ud800", "\\U00110000",
                           "\\400", "\\8", "\\'", "\\q"}) {
    EXPECT_TRUE(failed_with(unquote(text), Code::Invalid)) << text;
  }
  EXPECT_EQ(*unquote("\\101\\u00e9\\U0001f600"), "A\xc3\xa9\xf0\x9f\x98\x80");
}

TEST(GoText, EscapesJsonAsGoDoes) {
  EXPECT_EQ(json_string("a<b>&\"\\/"), "\"a\\u003cb\\u003e\\u0026\\\"\\\\/\"");
  EXPECT_EQ(json_string("\b\f\n\r\t\v\x01\x7f"), "\"\\b\\f\\n\\r\\t\\u000b\\u0001\x7f\"");
  EXPECT_EQ(json_string("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"), "\"\\u2028\\u2029\xe2\x80\xaa\"");
  EXPECT_EQ(json_string("a\xff"), "\"a\\ufffd\"");
}

Node every_field() {
  Node node;
  node.name = "a \"name\" \xff <x>";
  node.mode = 0640;
  node.modified = {std::chrono::sys_seconds(std::chrono::seconds(1700000000)), 120000000};
  node.uid = 1000;
  node.user = "ann & co";
  node.inode = UINT64_MAX;
  node.size = 5;
  node.links = 1;
  node.link_target = "raw\xfe";
  node.extended_attributes = {{"user.a", to_bytes("1")}, {"user.b", {}}};
  node.generic_attributes = {{"windows.x", "{\"a\":[1,\"b\"]}"}};
  node.content.emplace();
  node.content->push_back(BlobId::from(Bytes(32, std::byte{0xab})));
  node.problem = "none";
  return node;
}

TEST(Tree, IsTheExactTextThatResticWrites) {
  Tree tree;
  tree.nodes.push_back(every_field());
  const std::string ab = BlobId::from(Bytes(32, std::byte{0xab})).hex();
  EXPECT_EQ(*encode_tree(tree),
            "{\"nodes\":[{\"name\":\"a \\\\\\\"name\\\\\\\" \\\\xff \\u003cx\\u003e\","
            "\"type\":\"file\",\"mode\":416,\"mtime\":\"2023-11-14T22:13:20.12Z\","
            "\"atime\":\"0001-01-01T00:00:00Z\",\"ctime\":\"0001-01-01T00:00:00Z\","
            "\"uid\":1000,\"gid\":0,\"user\":\"ann \\u0026 co\",\"inode\":18446744073709551615,"
            "\"size\":5,\"links\":1,\"linktarget\":\"raw\\ufffd\",\"linktarget_raw\":\"cmF3/g==\","
            "\"extended_attributes\":[{\"name\":\"user.a\",\"value\":\"MQ==\"},"
            "{\"name\":\"user.b\",\"value\":\"\"}],"
            "\"generic_attributes\":{\"windows.x\":{\"a\":[1,\"b\"]}},\"content\":[\"" +
                ab + "\"],\"error\":\"none\"}]}\n");
  EXPECT_EQ(*encode_tree({}), "{\"nodes\":[]}\n");
}

TEST(Tree, ParsesWhatItWrote) {
  Tree tree;
  tree.nodes.push_back(every_field());
  Node folder;
  folder.name = "dir";
  folder.type = NodeType::Dir;
  folder.mode = go_mode(S_IFDIR | S_ISVTX | 0777);
  folder.subtree = BlobId::from(Bytes(32, std::byte{1}));
  tree.nodes.push_back(folder);
  const Result<Tree> back = parse_tree(to_bytes(*encode_tree(tree)));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(back->nodes, tree.nodes);
  EXPECT_EQ(back->find("dir"), &back->nodes[1]);
  EXPECT_EQ(back->find("none"), nullptr);
}

TEST(Tree, ParsesOffsetsAndNulls) {
  const Result<Tree> tree = parse_tree(
      to_bytes("{\"later\":1,\"nodes\":[{\"name\":\"x\",\"type\":\"fifo\",\"user\":null,"
               "\"mtime\":\"2020-01-01T02:00:00+02:00\",\"content\":null,\"new\":{}}]}"));
  ASSERT_TRUE(tree.ok()) << tree.error().message();
  EXPECT_EQ(format_rfc3339(tree->nodes[0].modified), "2020-01-01T00:00:00Z");
  EXPECT_FALSE(tree->nodes[0].content.has_value());
}

TEST(Tree, RefusesBrokenTrees) {
  for (const char* text : {"", "[]", "{}", "{\"nodes\":null}", "{\"nodes\":[1]}", "{\"nodes\":[]}x",
                           "{\"nodes\":[{\"type\":\"file\"}]}", "{\"nodes\":[{\"name\":\"a\"}]}",
                           "{\"nodes\":[{\"name\":\"a\",\"type\":\"door\"}]}",
                           "{\"nodes\":[{\"name\":\"a\\\\q\",\"type\":\"file\"}]}",
                           "{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"uid\":4294967296}]}",
                           "{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"content\":[\"AB\"]}]}",
                           "{\"nodes\":[{\"name\":\"a\",\"type\":\"file\""}) {
    EXPECT_TRUE(failed_with(parse_tree(to_bytes(text)), Code::Corrupt)) << text;
  }
}

TEST(Tree, NamesTheProblemOfAForeignTree) {
  const auto problem = [](std::vector<std::string> names) {
    Tree tree;
    for (std::string& name : names) {
      Node node;
      node.name = std::move(name);
      node.content.emplace();
      tree.nodes.push_back(node);
    }
    return tree_problem(tree);
  };
  EXPECT_EQ(problem({"a", "b"}), "");
  EXPECT_EQ(problem({"b", "a"}), "\"a\" is out of order");
  EXPECT_EQ(problem({"a", "a"}), "\"a\" is out of order");
  EXPECT_EQ(problem({".."}), "unsafe name \"..\"");
  EXPECT_EQ(problem({"a/b"}), "unsafe name \"a/b\"");
  EXPECT_EQ(problem({""}), "unsafe name \"\"");
  EXPECT_EQ(problem({std::string("a\0b", 3)}), "unsafe name \"a\\x00b\"");
  Tree tree;
  tree.nodes.emplace_back().name = "f";
  EXPECT_EQ(tree_problem(tree), "file \"f\" has no content");
  tree.nodes[0].type = NodeType::Dir;
  EXPECT_EQ(tree_problem(tree), "folder \"f\" has no subtree");
}

TEST(Node, ModesGoThereAndBack) {
  for (const auto mode : std::initializer_list<mode_t>{
           S_IFREG | 0644, S_IFDIR | S_ISVTX | 01777, S_IFLNK | 0777, S_IFBLK | 0600,
           S_IFCHR | 0620, S_IFIFO | 0, S_IFSOCK | 0755, S_IFREG | S_ISUID | S_ISGID | 0755}) {
    EXPECT_EQ(stat_mode(go_mode(mode)), mode) << std::oct << mode;
  }
  EXPECT_EQ(go_mode(S_IFDIR | 0755), 2147484141U);
}

}  // namespace
}  // namespace firebreak
