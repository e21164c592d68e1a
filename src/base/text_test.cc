#include "base/text.h"

#include <array>
#include <cstring>
#include <gtest/gtest.h>

#include "base/random.h"

namespace firebreak {
namespace {

TEST(Text, HexAndBase64RoundTrip) {
  Random random(1);
  for (std::size_t size = 0; size < 70; ++size) {
    Bytes bytes(size);
    random.fill(bytes);
    EXPECT_EQ(*from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(*from_base64(to_base64(bytes)), bytes);
  }
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(to_base64(as_bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(to_base64url(as_bytes("\xfb\xff")), "-_8");
}

TEST(Text, RefusesLooseSpellings) {
  for (const char* text : {"A", "AA", "AAA", "AA=A", "A===", "AAA=AAAA", "AB==", "AA A", "AA-_"}) {
    EXPECT_FALSE(from_base64(text).ok()) << text;
  }
  for (const char* text : {"a", "AB", "0g", "0x"}) EXPECT_FALSE(from_hex(text).ok()) << text;
}

TEST(Text, HexTakesItsSixteenDigitsAlone) {
  for (int byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    const bool is_digit = byte != 0 && std::strchr("0123456789abcdef", byte) != nullptr;
    EXPECT_EQ(from_hex(std::string{character, '0'}).ok(), is_digit) << byte;
    EXPECT_EQ(from_hex(std::string{'0', character}).ok(), is_digit) << byte;
  }
}

TEST(Text, DecodesHexOfTheRightLengthOnly) {
  std::array<std::byte, 2> bytes{};
  EXPECT_FALSE(decode_hex("12a", bytes));
  EXPECT_FALSE(decode_hex("12ab34", bytes));
  ASSERT_TRUE(decode_hex("12ab", bytes));
  EXPECT_EQ(to_hex(bytes), "12ab");
}

TEST(Text, PrintableCannotMoveTheCursor) {
  EXPECT_EQ(printable("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b2J");
  EXPECT_EQ(printable("\xff\xc3\xa9"), "\\xff\xc3\xa9");
}

// "exe.txt" in the order of bytes would be read as "txt.exe".
TEST(Text, PrintableCannotTurnTheText) {
  for (const char* mark : {"\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\xa8", "\xe2\x80\xae",
                           "\xe2\x81\xa6", "\xe2\x81\xa9"}) {
    EXPECT_EQ(printable(mark).substr(0, 2), "\\x") << printable(mark);
  }
  EXPECT_EQ(printable("\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa"),
            "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa");
}

}  // namespace
}  // namespace firebreak
