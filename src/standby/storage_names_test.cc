#include "standby/storage_names.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(BucketName, IsWhatTheServiceTakes) {
  for (const char* name : {"abc", "a-b_c.d", "demo.appspot.com", "1.2.3", "0ab", "a.b.c.d"}) {
    EXPECT_TRUE(check_bucket_name(name).ok()) << name;
  }
  EXPECT_TRUE(check_bucket_name(std::string(63, 'a') + "." + std::string(63, 'b')).ok());
  for (const char* name : {"", "ab", "Abc", "-ab", "ab-", "a..b", "a.-b", "a-.b", ".ab", "1.2.3.4",
                           "goog-a", "the-google-bucket", "a b", "a/b",
                           "a\xc3\xbc"
                           "b"}) {
    EXPECT_FALSE(check_bucket_name(name).ok()) << name;
  }
  EXPECT_FALSE(check_bucket_name(std::string(64, 'a')).ok());
}

TEST(ObjectName, IsAnyTextOfOneLine) {
  for (const char* name : {"a", "a/../b", "/", "a//b", "...", "\t", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(check_object_name(name).ok()) << name;
  }
  for (const char* name : {"", ".", "..", "a\nb", "a\rb", "\xff", ".well-known/acme-challenge/a"}) {
    EXPECT_FALSE(check_object_name(name).ok()) << name;
  }
  EXPECT_TRUE(check_object_name(std::string(1024, 'x')).ok());
  EXPECT_FALSE(check_object_name(std::string(1025, 'x')).ok());
}

}  // namespace
}  // namespace firebreak
