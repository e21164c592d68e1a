#include "firestore/canonical.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "base/random.h"
#include "firestore/test_values.h"

namespace firebreak {
namespace {

const std::string kDocuments = "projects/p/databases/d/documents/";

std::string canonical(const std::string& value, Canonical& maker) {
  BackwardWriter writer;
  const Result<void> put = maker.put_value(as_bytes(value), writer);
  EXPECT_TRUE(put.ok()) << put.error().message();
  return to_text(writer.view());
}

std::string canonical(const std::string& value) {
  Canonical maker({{kDocuments, "/"}});
  return canonical(value, maker);
}

TEST(Canonical, SortsKeysByTheirBytes) {
  EXPECT_EQ(canonical(V::map({{"b", V::null()},
                              {"", V::integer(0)},
                              {"\xf0\x9f\x98\x80", V::integer(1)},
                              {"\xef\xbf\xbd", V::boolean(false)},
                              {"a", V::map({{"z", V::text("")}, {"y", V::real(0)}})}})),
            V::map({{"", V::integer(0)},
                    {"a", V::map({{"y", V::real(0)}, {"z", V::text("")}})},
                    {"b", V::null()},
                    {"\xef\xbf\xbd", V::boolean(false)},
                    {"\xf0\x9f\x98\x80", V::integer(1)}}));
}

TEST(Canonical, KeepsEveryBitOfAValue) {
  for (const std::string& value : {V::null(),
                                   V::boolean(false),
                                   V::boolean(true),
                                   V::integer(0),
                                   V::integer(INT64_MIN),
                                   V::integer(INT64_MAX),
                                   V::real(0.0),
                                   V::real(-0.0),
                                   V::real(NAN),
                                   V::real(-NAN),
                                   V::real(5e-324),
                                   V::real(INFINITY),
                                   V::timestamp(0, 0),
                                   V::timestamp(-62135596800, 0),
                                   V::timestamp(-1, 999'999'000),
                                   V::text(""),
                                   V::text(std::string("\0", 1)),
                                   V::blob(""),
                                   V::blob("\xff"),
                                   V::geo(-0.0, 180),
                                   V::geo(0, 0),
                                   V::array({}),
                                   V::array({V::array({}), V::null(), V::map({})}),
                                   V::vector({V::real(1), V::real(-0.0)}),
                                   V::reference("projects/other/databases/d/documents/a/b")}) {
    EXPECT_EQ(canonical(value), value);
    EXPECT_EQ(canonical(V::map({{"a", V::array({V::map({{"b", value}})})}})),
              V::map({{"a", V::array({V::map({{"b", value}})})}}));
  }
}

TEST(Canonical, LeavesDefaultsOut) {
  const std::uint32_t kTimestamp = V::number_of(ValueField::Timestamp);
  EXPECT_EQ(canonical(V::field(kTimestamp, V::number_field(2, 5000) + V::number_field(1, 0))),
            V::timestamp(0, 5000));
  const std::uint32_t kGeo = V::number_of(ValueField::GeoPoint);
  EXPECT_EQ(canonical(V::field(kGeo, V::double_field(2, 0.0) + V::double_field(1, 1.5))),
            V::geo(1.5, 0));
}

TEST(Canonical, RewritesReferencesByTheirPrefix) {
  Canonical inward({{kDocuments, "/"}});
  Canonical outward({{"/", "projects/q/databases/e/documents/"}, {"projects/p/", "projects/q/"}});
  const std::string kept =
      canonical(V::array({V::reference(kDocuments + "a/b"),
                          V::reference("projects/p/databases/x/documents/a/b")}),
                inward);
  EXPECT_EQ(kept,
            V::array({V::reference("/a/b"), V::reference("projects/p/databases/x/documents/a/b")}));
  EXPECT_EQ(canonical(kept, outward),
            V::array({V::reference("projects/q/databases/e/documents/a/b"),
                      V::reference("projects/q/databases/x/documents/a/b")}));
}

TEST(Canonical, KeepsAndCountsUnknownFields) {
  Canonical maker({});
  const std::string strange = V::field(21, "a pipeline") + V::number_field(99, 5);
  EXPECT_EQ(canonical(strange + V::integer(5), maker), V::integer(5) + strange);
  EXPECT_EQ(maker.unknown_fields(), 2U);
  const std::string in_map =
      V::field(V::number_of(ValueField::Map),
               V::number_field(7, 1) + V::entries(kMapFields, {{"a", V::null()}}));
  EXPECT_EQ(canonical(in_map, maker),
            V::field(V::number_of(ValueField::Map),
                     V::entries(kMapFields, {{"a", V::null()}}) + V::number_field(7, 1)));
}

TEST(Canonical, RefusesWhatHasTwoMeanings) {
  Canonical maker({});
  BackwardWriter writer;
  const auto refused = [&](const std::string& value) {
    writer.clear();
    return !maker.put_value(as_bytes(value), writer).ok();
  };
  EXPECT_TRUE(refused(V::map({{"a", V::null()}, {"b", V::null()}, {"a", V::integer(1)}})));
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused(V::integer(1) + V::integer(1)));
  EXPECT_TRUE(refused(V::text("a") + V::null()));
  EXPECT_TRUE(refused(V::number_field(V::number_of(ValueField::String), 1)));
  EXPECT_TRUE(refused(V::text("abc").substr(0, 3)));
  std::string deep = V::null();
  for (int level = 0; level < 300; ++level) deep = V::array({deep});
  EXPECT_TRUE(refused(deep));
  EXPECT_FALSE(refused(V::map({{"a", V::null()}})));  // and is none the worse for it
  EXPECT_EQ(to_text(writer.view()), V::map({{"a", V::null()}}));
}

std::string random_value(Random& random, unsigned depth);

std::string random_map(Random& random, unsigned depth, bool sorted) {
  std::vector<std::string> keys;
  for (std::uint64_t i = random.below(5); i > 0; --i)
    keys.push_back(std::to_string(random.below(50)));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (!sorted) std::reverse(keys.begin(), keys.end());
  std::string message;
  for (const std::string& key : keys) {
    message += V::field(kMapFields, V::field(kEntryKey, key) +
                                        V::field(kEntryValue, random_value(random, depth + 1)));
  }
  return V::field(V::number_of(ValueField::Map), message);
}

std::string random_value(Random& random, unsigned depth) {
  switch (random.below(depth > 4 ? 5 : 7)) {
    case 0:
      return V::integer(static_cast<std::int64_t>(random.next()));
    case 1:
      return V::real(std::bit_cast<double>(random.next()));
    case 2:
      return V::text(std::string(random.below(300), 'x'));
    case 3:
      return V::geo(std::bit_cast<double>(random.next()), 0);
    case 4:
      return V::reference(kDocuments + "a/" + std::string(random.below(200), 'r'));
    case 5:
      return V::array({random_value(random, depth + 1), random_value(random, depth + 1)});
    default:
      return random_map(random, depth, random.below(2) == 0);
  }
}

TEST(Canonical, IsReachedInOneStepAndComesBack) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  Canonical outward({{"/", kDocuments}});
  for (int round = 0; round < 3000; ++round) {
    const std::string once = canonical(random_map(random, 0, false));
    EXPECT_EQ(canonical(once), once);
    EXPECT_EQ(canonical(canonical(once, outward)), once);
  }
}

}  // namespace
}  // namespace firebreak
