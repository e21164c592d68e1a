#include "standby/field_path.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(FieldPath, SegmentsAreCutAtDotsOutsideBackticks) {
  EXPECT_EQ(*parse_field_path("a.b_1"), (FieldPath{"a", "b_1"}));
  EXPECT_EQ(*parse_field_path("`a.b`.c"), (FieldPath{"a.b", "c"}));
  EXPECT_EQ(*parse_field_path("`\\`\\\\`"), (FieldPath{"`\\"}));
  EXPECT_EQ(*parse_field_path("__name__"), (FieldPath{"__name__"}));
}

TEST(FieldPath, WhatIsNoPathIsRefused) {
  for (const char* text :
       {"", ".", "a.", ".a", "a..b", "1a", "é", "`", "``", "`a", "`a\\", "`a`b"}) {
    EXPECT_FALSE(parse_field_path(text).ok()) << text;
  }
  EXPECT_TRUE(parse_field_path(std::string(1500, 'a')).ok());
  EXPECT_FALSE(parse_field_path(std::string(1501, 'a')).ok());
}

}  // namespace
}  // namespace firebreak
