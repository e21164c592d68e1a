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

Result<std::string> read(const PasswordSource& source, const Environment& environment) {
  return read_password(source, PasswordUse::Existing, environment, {});
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
  for (const char* command : {"true", "false", "printf 'a\\nb'", "/no/such/program"}) {
    const Result<std::string> password = read(none, {{"P_COMMAND", command}});
    ASSERT_FALSE(password.ok()) << command;
  }
  EXPECT_TRUE(failed_with(read({.file = "a", .command = "b"}, {}), Code::Invalid));
  EXPECT_TRUE(failed_with(read(none, {{"P_FILE", "/no/such/file"}}), Code::NotFound));
}

}  // namespace
}  // namespace firebreak
