#include "firestore/document_key.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "base/random.h"
#include "firestore/document_path.h"
#include "firestore/value.h"

namespace firebreak {
namespace {

std::string random_id(Random& random, bool is_document) {
  if (is_document && random.below(4) == 0) {
    const std::int64_t edges[] = {0, 7, 100, -5, INT64_MIN, INT64_MAX};
    return fmt::format("__id{}__", random.below(2) == 0 ? edges[random.below(6)]
                                                        : static_cast<std::int64_t>(random.next()));
  }
  // Few letters, so that one id is often another's prefix; with what the encoding escapes.
  const std::string_view letters[] = {"a",        "b",    std::string_view("\0", 1), "\x01", "\x7f",
                                      "\xc3\xbf", "__id", "\xf0\x9f\x98\x80"};
  std::string id;
  const std::uint64_t length = 1 + random.below(4);
  for (std::uint64_t i = 0; i < length; ++i) id += letters[random.below(std::size(letters))];
  return id;
}

std::string random_path(Random& random) {
  std::string path;
  const std::uint64_t pairs = 1 + random.below(3);
  for (std::uint64_t pair = 0; pair < pairs; ++pair) {
    if (pair > 0) path += '/';
    path += random_id(random, false) + "/" + random_id(random, true);
  }
  return path;
}

TEST(DocumentKey, OrdersByCollectionAndThenByName) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::string a = random_path(random);
    const std::string b = random_path(random);
    std::weak_ordering expected = collection_id(a) <=> collection_id(b);
    if (expected == 0) expected = compare_paths(a, b);
    const std::string key_a = document_key(a);
    const std::string key_b = document_key(b);
    ASSERT_EQ(expected < 0, key_a < key_b) << a << " and " << b;
    ASSERT_EQ(expected == 0, key_a == key_b) << a << " and " << b;
    const Result<DecodedKey> decoded = decode_document_key(key_a);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message();
    ASSERT_EQ(decoded->path, a);
    ASSERT_EQ(decoded->collection_id, collection_id(a));
  }
}

TEST(DocumentKey, KeepsAGroupInOneRange) {
  const std::string key = document_key("users/u1/dreams/d1");
  const std::string group = group_prefix("dreams");
  EXPECT_TRUE(key.starts_with(group));
  EXPECT_LT(key, after_prefix(group));
  EXPECT_TRUE(key.starts_with(group_prefix("dreams", "users/u1")));
  EXPECT_FALSE(key.starts_with(group_prefix("dreams", "users/u")));
  EXPECT_FALSE(document_key("users/u1").starts_with(group));
  EXPECT_EQ(after_prefix("a\xff\xff"), "b");
  EXPECT_EQ(after_prefix("\xff"), "");
}

TEST(DocumentKey, SpellsOneNumberOneWay) {
  EXPECT_EQ(numeric_id("__id7__"), 7);
  EXPECT_EQ(numeric_id("__id-9223372036854775808__"), INT64_MIN);
  for (const auto* other : {"__id07__", "__id+7__", "__id-0__", "__id__", "__id7_", "__id7 __",
                            "id7", "__id9223372036854775808__", "__id7x__"}) {
    EXPECT_FALSE(numeric_id(other)) << other;
  }
}

TEST(DocumentKey, RefusesWhatIsNoKey) {
  const std::string good = document_key("c/d");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_document_key(good.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(decode_document_key(group_prefix("other") + good.substr(3)).ok());
  EXPECT_FALSE(decode_document_key(good + good).ok());
  // A number in letters would be a second key of one path.
  EXPECT_FALSE(decode_document_key(group_prefix("c", "c") + group_prefix("__id7__")).ok());
}

TEST(DocumentPath, SaysWhatIsWrong) {
  EXPECT_TRUE(check_document_path("a/b").ok());
  EXPECT_TRUE(check_document_path("a/__id7__/c/d").ok());
  EXPECT_TRUE(check_collection_path("a/b/c").ok());
  EXPECT_TRUE(check_document_path("a/" + std::string(1500, 'x')).ok());
  for (const auto& path :
       {std::string(), std::string("a"), std::string("a/b/c"), std::string("a//"),
        std::string("/b"), std::string("a/."), std::string("../b"), "a/" + std::string(1501, 'x'),
        std::string("a/\xff")}) {
    EXPECT_FALSE(check_document_path(path).ok()) << path;
  }
}

}  // namespace
}  // namespace firebreak
