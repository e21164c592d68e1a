#include "standby/storage_http.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

using Base = StorageTarget::Base;

TEST(StorageTarget, IsTakenApartAsItWasSent) {
  const std::optional<StorageTarget> target =
      parse_storage_target("/upload/storage/v1/b/b-1/o/a%2Fb+c%20d?name=x%2B+y&alt=media&flag");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->base, Base::Upload);
  EXPECT_EQ(target->path, (std::vector<std::string>{"b", "b-1", "o", "a/b+c d"}));
  EXPECT_EQ(target->parameter("name"), "x+ y");
  EXPECT_EQ(target->parameter("alt"), "media");
  EXPECT_TRUE(target->has("flag"));
  EXPECT_FALSE(target->has("other"));
}

TEST(StorageTarget, IsTheSameWithAndWithoutThePathOfTheApi) {
  for (const char* text : {"/storage/v1/b/x/o", "/b/x/o"}) {
    const std::optional<StorageTarget> target = parse_storage_target(text);
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->base, Base::Metadata);
    EXPECT_EQ(target->path, (std::vector<std::string>{"b", "x", "o"}));
  }
  EXPECT_EQ(parse_storage_target("/download/storage/v1/b/x/o/y")->base, Base::Download);
}

TEST(StorageTarget, IsRefusedWhereItCannotBeRead) {
  for (const char* text : {"", "b", "*", "/b/%", "/b/%zz", "/b/%ff", "/b?x=%f", "http://host/b"}) {
    EXPECT_EQ(parse_storage_target(text), std::nullopt) << text;
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "/x";
  EXPECT_EQ(parse_storage_target(deep), std::nullopt);
}

}  // namespace
}  // namespace firebreak
