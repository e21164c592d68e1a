#include "snapshot/files_from.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "base/file.h"
#include "snapshot/pattern_file.h"
#include "snapshot/tag_file.h"
#include "snapshot/text_lines.h"

namespace firebreak {
namespace {

using Lines = std::vector<std::string>;

Lines lines(std::string_view text) {
  return text_lines(as_bytes(text)).value();
}

TEST(TextLines, SplitsAndDecodes) {
  EXPECT_EQ(lines(""), Lines());
  EXPECT_EQ(lines("a\nb\r\n\nc"), (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(lines("\xef\xbb\xbf a \n"), Lines{" a "});
  EXPECT_EQ(lines(std::string_view("\xfe\xff\0a\0\n\0\xe9", 8)), (Lines{"a", "\u00e9"}));
  EXPECT_EQ(lines(std::string_view("\xff\xfe"
                                   "a\0\x3d\xd8\x00\xde",
                                   8)),
            Lines{"a\U0001f600"});
  EXPECT_EQ(lines(std::string_view("\xff\xfe\x3d\xd8", 4)), Lines{"\ufffd"});
  for (const std::string_view text : {std::string_view("a\0", 2), std::string_view("\xff\xfe"
                                                                                   "a\0b",
                                                                                   5)}) {
    EXPECT_TRUE(failed_with(text_lines(as_bytes(text)), Code::Invalid));
  }
}

TEST(FilesFrom, ReadsThreeKindsOfLists) {
  const std::string_view text = "# comment\n  /a b/*  \n\n\t# more\n#x\n";
  EXPECT_EQ(parse_files_from(as_bytes(text)).value(), Lines{"/a b/*"});
  EXPECT_EQ(parse_files_from_verbatim(as_bytes(text)).value(),
            (Lines{"# comment", "  /a b/*  ", "\t# more", "#x"}));
  const auto raw = [](std::string_view list) { return parse_files_from_raw(as_bytes(list)); };
  EXPECT_EQ(raw({" a\n\0#b\0", 7}).value(), (Lines{" a\n", "#b"}));
  EXPECT_EQ(raw("").value(), Lines());
  EXPECT_TRUE(failed_with(raw({"a\0b", 3}), Code::Invalid));
  EXPECT_TRUE(failed_with(raw({"a\0\0b\0", 5}), Code::Invalid));
}

class InFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "files_from_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void put(const std::string& path, std::string_view text = "x") {
    std::filesystem::create_directories(std::filesystem::path(folder_ + "/" + path).parent_path());
    ASSERT_TRUE(write_file(folder_ + "/" + path, as_bytes(text)).ok());
  }
  Lines expand(const std::string& pattern) const {
    ExpandedPath expanded = expand_path(folder_ + "/" + pattern).value();
    EXPECT_TRUE(expanded.unreadable.empty());
    for (std::string& path : expanded.paths) path.erase(0, folder_.size() + 1);
    return expanded.paths;
  }

  std::string folder_;
};

TEST_F(InFolder, ExpandsPatternsByWhatExists) {
  for (const char* path : {"a/x.c", "a/y.c", "b/x.c", "b/.hidden.c", "b/sub/z", "[odd]"}) put(path);
  std::filesystem::create_symlink("nowhere", folder_ + "/b/dangling.c");
  EXPECT_EQ(expand("*/*.c"), (Lines{"a/x.c", "a/y.c", "b/.hidden.c", "b/dangling.c", "b/x.c"}));
  EXPECT_EQ(expand("?/x.c"), (Lines{"a/x.c", "b/x.c"}));
  EXPECT_EQ(expand("*/sub"), Lines{"b/sub"});
  EXPECT_EQ(expand("b//sub/"), Lines{"b/sub"});
  EXPECT_EQ(expand("\\[odd]"), Lines{"[odd]"});
  EXPECT_EQ(expand("a/x.c/*"), Lines());
  EXPECT_EQ(expand("none/*"), Lines());
  EXPECT_EQ(expand("none"), Lines());
  EXPECT_TRUE(failed_with(expand_path(folder_ + "/["), Code::Invalid));
  EXPECT_EQ(expand_path("/").value().paths, Lines{"/"});
}

TEST_F(InFolder, SaysWhichFoldersItCouldNotRead) {
  put("open/x");
  // Not even root can open a link to itself.
  std::filesystem::create_symlink("loop", folder_ + "/loop");
  const ExpandedPath expanded = expand_path(folder_ + "/*/*").value();
  EXPECT_EQ(expanded.paths, Lines{folder_ + "/open/x"});
  ASSERT_EQ(expanded.unreadable.size(), 1U);
  EXPECT_NE(expanded.unreadable[0].message().find("/loop"), std::string::npos);
  EXPECT_EQ(expanded.unreadable[0].side(), Side::Source);
}

TEST_F(InFolder, FoldersTagThemselves) {
  const TagFile cache = cache_tag_file();
  EXPECT_FALSE(is_tagged(folder_, cache).value());
  put("good/CACHEDIR.TAG", cache.header + "\n# made by a test\n");
  put("short/CACHEDIR.TAG", "Signature: 8a47");
  put("other/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc56");
  EXPECT_TRUE(is_tagged(folder_ + "/good", cache).value());
  EXPECT_TRUE(failed_with(is_tagged(folder_ + "/short", cache), Code::Invalid));
  EXPECT_TRUE(failed_with(is_tagged(folder_ + "/other", cache), Code::Invalid));
  const TagFile any = parse_tag_file("CACHEDIR.TAG").value();
  EXPECT_TRUE(is_tagged(folder_ + "/other", any).value());
  ASSERT_EQ(::mkfifo((folder_ + "/CACHEDIR.TAG").c_str(), 0600), 0);
  EXPECT_FALSE(is_tagged(folder_, cache).ok());  // and does not wait
}

TEST(TagFile, Reads) {
  EXPECT_EQ(parse_tag_file("a").value().name, "a");
  EXPECT_EQ(parse_tag_file("a:b:c").value().name, "a");
  EXPECT_EQ(parse_tag_file("a:b:c").value().header, "b:c");
  EXPECT_TRUE(failed_with(parse_tag_file(""), Code::Invalid));
  EXPECT_TRUE(failed_with(parse_tag_file(":b"), Code::Invalid));
}

TEST(PatternFile, ExpandsVariables) {
  const Environment environment{{"HOME", "/home/anna"}, {"EMPTY", ""}, {"a_1", "x"}};
  const auto patterns = [&](std::string_view text) {
    return parse_pattern_file(as_bytes(text), environment);
  };
  EXPECT_EQ(patterns("# $NONE\n $HOME/*.o \n${HOME}y\n$a_1/$EMPTY/b\n").value(),
            (Lines{"/home/anna/*.o", "/home/annay", "x//b"}));
  EXPECT_EQ(patterns("~$$*\n$$HOME\na$\n$/b\n$.c\n").value(),
            (Lines{"~$*", "$HOME", "a$", "$/b", "$.c"}));
  for (const char* text : {"$NONE/*", "${HOME", "${}", "$*", "$1", "~$*.docx", "${NONE}", "${*}"}) {
    EXPECT_TRUE(failed_with(patterns(text), Code::Invalid)) << text;
  }
}

}  // namespace
}  // namespace firebreak
