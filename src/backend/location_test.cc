#include "backend/location.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

void expect_location(std::string_view text, const Location& expected, std::string_view shown) {
  const Result<Location> parsed = parse_location(text);
  ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.error().message();
  EXPECT_TRUE(*parsed == expected) << text << " became " << to_string(*parsed);
  EXPECT_EQ(to_string(*parsed), shown);
}

// The message of the refusal.
std::string refusal(std::string_view text) {
  const Result<Location> parsed = parse_location(text);
  if (parsed.ok()) return "accepted as " + to_string(*parsed);
  EXPECT_EQ(parsed.error().code(), Code::Invalid);
  return parsed.error().message();
}

TEST(Location, Folders) {
  for (const char* path : {"/srv/backup", "backup", "./a:b", "/a:b", "../x", "a b", "ü:x", "."}) {
    expect_location(path, LocalLocation{path}, path);
  }
  expect_location("local:/srv", LocalLocation{"/srv"}, "/srv");
  expect_location("local:odd:name", LocalLocation{"odd:name"}, "local:odd:name");
}

TEST(Location, S3) {
  const S3Location amazon{true, "s3.amazonaws.com", "bucket", ""};
  expect_location("s3:s3.amazonaws.com/bucket", amazon, "s3:https://s3.amazonaws.com/bucket");
  expect_location("s3://s3.amazonaws.com/bucket/", amazon, "s3:https://s3.amazonaws.com/bucket");
  expect_location("s3:https://s3.amazonaws.com/bucket", amazon,
                  "s3:https://s3.amazonaws.com/bucket");
  expect_location("s3:http://127.0.0.1:9000/bucket/a/b/",
                  S3Location{false, "127.0.0.1:9000", "bucket", "a/b"},
                  "s3:http://127.0.0.1:9000/bucket/a/b");
  expect_location("s3:https://[::1]:443/bucket//a", S3Location{true, "[::1]:443", "bucket", "a"},
                  "s3:https://[::1]:443/bucket/a");
}

TEST(Location, Gcs) {
  expect_location("gs:bucket:/", GcsLocation{"bucket", ""}, "gs:bucket:/");
  expect_location("gs:bucket:/a/b/", GcsLocation{"bucket", "a/b"}, "gs:bucket:/a/b");
}

TEST(Location, Rest) {
  expect_location("rest:https://host", RestLocation{"https://host/", "", ""}, "rest:https://host/");
  expect_location("rest:http://host:8000/a/b", RestLocation{"http://host:8000/a/b/", "", ""},
                  "rest:http://host:8000/a/b/");
  expect_location("rest:https://user@host/", RestLocation{"https://host/", "user", ""},
                  "rest:https://user@host/");
  expect_location("rest:https://user:p%40ss%3aw:d@host/a/",
                  RestLocation{"https://host/a/", "user", "p@ss:w:d"},
                  "rest:https://user:***@host/a/");
}

TEST(Location, RefusalsSayTheWayOut) {
  EXPECT_NE(refusal("").find("path of a folder"), std::string::npos);
  EXPECT_NE(refusal("local:").find("path of a folder"), std::string::npos);
  EXPECT_NE(refusal("sftp:user@host:/srv").find("not supported"), std::string::npos);
  EXPECT_NE(refusal("ftp://host").find("./ftp:"), std::string::npos);
  EXPECT_NE(refusal("https://host/").find("rest:https://host/"), std::string::npos);
  EXPECT_NE(refusal("/srv\n").find("control character"), std::string::npos);
  for (const char* s3 : {"s3:", "s3:host", "s3:host/", "s3:https://host/b", "s3:https:///bucket",
                         "s3:host:0/bucket", "s3:host:99999/bucket", "s3:ho st/bucket"}) {
    EXPECT_NE(refusal(s3).find("s3:https://host/bucket/prefix"), std::string::npos) << s3;
  }
  for (const char* gcs : {"gs:", "gs:bucket", "gs:bucket:prefix", "gs://bucket/prefix"}) {
    EXPECT_NE(refusal(gcs).find("gs:bucket:/prefix"), std::string::npos) << gcs;
  }
  for (const char* rest : {"rest:", "rest:host", "rest:ftp://host", "rest:https://",
                           "rest:https://host/?a", "rest:https://:1/"}) {
    EXPECT_NE(refusal(rest).find("rest:https://host/path"), std::string::npos) << rest;
  }
  EXPECT_NE(refusal("s3:https://key:secret@host/bucket").find("AWS_ACCESS_KEY_ID"),
            std::string::npos);
}

TEST(Location, NoRefusalRepeatsAPassword) {
  for (const char* text :
       {"rest:https://user:secret@/", "rest:https://user:secret%@host/",
        "rest:https://user:secret@host/?x", "rest:user:secret@host/", "s3:key:secret@host/bucket",
        "rest:https://user:sec/secret@host/", "https://user:secret@host/"}) {
    EXPECT_EQ(refusal(text).find("secret"), std::string::npos) << refusal(text);
  }
}

}  // namespace
}  // namespace firebreak
