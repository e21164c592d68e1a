#include "cli/password.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

using Words = std::vector<std::string>;

TEST(SplitCommand, KeepsQuotedWordsTogether) {
  EXPECT_EQ(*split_command("pass show backup"), (Words{"pass", "show", "backup"}));
  EXPECT_EQ(*split_command("a 'b c' \"d \\\" e\" f\\ g ''"),
            (Words{"a", "b c", "d \" e", "f g", ""}));
  EXPECT_TRUE(failed_with(split_command("  "), Code::Invalid));
  EXPECT_TRUE(failed_with(split_command("a 'b"), Code::Invalid));
}

Result<std::string> read(const PasswordSource& source, const Environment& environment,
                         PasswordUse use = PasswordUse::Existing) {
  return read_password(source, use, environment, {});
}

TEST(ReadPassword, TakesTheFirstSourceThatIsThere) {
  const PasswordSource none{.variable_prefix = "P"};
  EXPECT_EQ(*read(none, {{"P", "direct"}, {"P_COMMAND", "echo command"}}), "direct");
  EXPECT_EQ(*read(none, {{"P_COMMAND", "printf 'two words\\r\\n'"}}), "two words");
  const PasswordSource command{.command = "echo first", .variable_prefix = "P"};
  EXPECT_EQ(*read(command, {{"P", "direct"}}), "first");
}

TEST(ReadPassword, RefusesWhatIsNoPassword) {
  const PasswordSource none{.variable_prefix = "P"};
  for (const char* command : {"true", "false", "printf ' \\r\\n'", "/no/such/program"}) {
    const Result<std::string> password = read(none, {{"P_COMMAND", command}});
    ASSERT_FALSE(password.ok()) << command;
  }
  for (const char* command : {"printf 'a\\nb'", "printf 'a\\n\\nb\\n'"}) {
    EXPECT_TRUE(failed_with(read(none, {{"P_COMMAND", command}}, PasswordUse::New), Code::Invalid));
  }
  for (const char* direct : {" ", " a", "a\t", "a\xc2\xa0"}) {
    EXPECT_EQ(*read(none, {{"P", direct}}), direct);  // as in restic
    EXPECT_TRUE(failed_with(read(none, {{"P", direct}}, PasswordUse::New), Code::Invalid));
  }
  EXPECT_TRUE(failed_with(read({.file = "a", .command = "b"}, {}), Code::Invalid));
  EXPECT_TRUE(failed_with(read(none, {{"P_FILE", "/no/such/file"}}), Code::NotFound));
}

TEST(ReadPassword, TakesOffWhatResticTakesOff) {
  const PasswordSource none{.variable_prefix = "P"};
  for (const char* said :
       {"a b", " a b", "\\t\\v\\f a b \\r\\n\\n", "\\302\\240a b\\302\\205\\343\\200\\200"}) {
    EXPECT_EQ(*read(none, {{"P_COMMAND", fmt::format("printf '{}'", said)}}), "a b") << said;
  }
  EXPECT_EQ(*read(none, {{"P_COMMAND", "printf 'a\\r\\nb\\n'"}}), "a\r\nb");
  EXPECT_EQ(*read(none, {{"P_COMMAND", "printf '\\377a\\377'"}}),
            "\xff"
            "a\xff");
}

}  // namespace
}  // namespace firebreak
