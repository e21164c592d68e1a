#include "firestore/value.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "firestore/test_values.h"

namespace firebreak {
namespace {

using namespace std::string_literals;
const ValueOrder& order() {
  static const ValueOrder one("projects/p1/databases/d1/documents");
  return one;
}

// Each value before all that follow; those of one group in one place.
const std::vector<std::vector<std::string>>& ladder() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kDenormal = std::numeric_limits<double>::denorm_min();
  constexpr std::int64_t kLarge = 1ll << 53;
  const double other_nan = std::bit_cast<double>(0xfff8000000000001ull);
  static const std::vector<std::vector<std::string>> values = {
      {V::null()},
      {V::boolean(false)},
      {V::boolean(true)},
      {V::real(NAN), V::real(-NAN), V::real(other_nan)},
      {V::real(-kInfinity)},
      {V::integer(INT64_MIN), V::real(-9223372036854775808.0)},
      {V::integer(-kLarge - 1)},
      {V::integer(-kLarge), V::real(-9007199254740992.0)},
      {V::integer(-1), V::real(-1.0)},
      {V::real(-kDenormal)},
      {V::integer(0), V::real(0.0), V::real(-0.0)},
      {V::real(kDenormal)},
      {V::integer(1), V::real(1.0)},
      {V::real(1.1)},
      {V::integer(kLarge), V::real(9007199254740992.0)},
      {V::integer(kLarge + 1)},
      {V::real(9007199254740994.0), V::integer(kLarge + 2)},
      {V::integer(INT64_MAX)},
      {V::real(9223372036854775808.0)},
      {V::real(kInfinity)},
      {V::timestamp(-62135596800, 0)},
      {V::timestamp(-1, 999'999'000)},
      {V::timestamp(0, 0)},
      {V::timestamp(1577836800, 0)},
      {V::timestamp(1577836800, 1000)},
      {V::timestamp(253402300799, 999'999'000)},
      {V::text("")},
      {V::text("\0"s)},
      {V::text("Z")},
      {V::text("a")},
      {V::text("aa")},
      {V::text("e\xcc\x81"
               "b")},
      {V::text("\xc3\xa6")},
      {V::text("\xc3\xa9"
               "a")},
      {V::text("\xed\x9f\xbf")},
      {V::text("\xee\x80\x80")},
      {V::text("\xef\xbf\xbd")},
      {V::text("\xef\xbf\xbf")},
      {V::text("\xf0\x90\x80\x80")},
      {V::text("\xf0\x9f\x98\x80")},
      {V::blob("")},
      {V::blob("\0"s)},
      {V::blob("\0\1"s)},
      {V::blob("\0\1\2\3\4"s)},
      {V::blob("\0\1\2\4\3"s)},
      {V::blob("\x7f")},
      {V::blob("\x80")},
      {V::blob("\xff")},
      {V::reference("projects/p0/databases/d9/documents/z/z")},
      {V::reference("/c/__id-5__"), V::reference("projects/p1/databases/d1/documents/c/__id-5__")},
      {V::reference("/c/__id7__")},
      {V::reference("/c/__id100__")},
      {V::reference("/c/0")},
      {V::reference("/c/a")},
      {V::reference("/c/a/x/y")},
      {V::reference("/c/a1")},
      {V::reference("/c/b")},
      {V::reference("/c1/doc1")},
      {V::reference("/c10/doc1")},
      {V::reference("/c2/doc1")},
      {V::reference("projects/p1/databases/d2/documents/a/a")},
      {V::reference("projects/p2/databases/d1/documents/a/a")},
      {V::geo(-90, -180)},
      {V::geo(-90, 180)},
      {V::geo(0, -180)},
      {V::geo(0, 0), V::geo(-0.0, 0), V::geo(0, -0.0)},
      {V::geo(0, 180)},
      {V::geo(1, -180)},
      {V::geo(90, 180)},
      {V::array({})},
      {V::array({V::null()})},
      {V::array({V::integer(1), V::integer(2), V::integer(3)})},
      {V::array({V::integer(1), V::integer(2), V::integer(3), V::integer(1)})},
      {V::array({V::integer(2)}), V::array({V::real(2)})},
      {V::array({V::text("bar")})},
      {V::array({V::text("foo")})},
      {V::array({V::text("foo"), V::integer(1)})},
      {V::array({V::text("foo"), V::integer(2)})},
      {V::array({V::text("foo"), V::text("0")})},
      {V::vector({})},
      {V::vector({V::real(100)})},
      {V::vector({V::real(1), V::real(2), V::real(3)})},
      {V::vector({V::real(1), V::real(3), V::real(2)})},
      {V::map({})},
      {V::map({{"__type__", V::text("x")}, {"value", V::array({V::integer(1)})}})},
      {V::map({{"a", V::text("aaa")}, {"b", V::text("baz")}})},
      {V::map({{"a", V::text("foo")}, {"b", V::text("bar")}})},
      {V::map({{"a", V::text("foo")}, {"b", V::text("bar")}, {"c", V::text("bar")}})},
      {V::map({{"a", V::text("foo")}, {"b", V::text("baz")}})},
      {V::map({{"a", V::map({{"b", V::integer(1)}})}})},
      {V::map({{"a", V::map({{"b", V::integer(2)}})}})},
      {V::map({{"b", V::text("aaa")}, {"c", V::text("baz")}})},
      {V::map({{"bar", V::integer(0)}})},
      {V::map({{"bar", V::integer(0)}, {"foo", V::integer(1)}})},
      {V::map({{"foo", V::integer(1)}}), V::map({{"foo", V::real(1)}})},
      {V::map({{"foo", V::integer(2)}})},
      {V::map({{"foo", V::text("0")}})},
      {V::map({{"\xef\xbf\xbd", V::integer(1)}})},
      {V::map({{"\xf0\x9f\x98\x80", V::integer(1)}})},
  };
  return values;
}

TEST(ValueOrder, IsFirestores) {
  for (std::size_t a = 0; a < ladder().size(); ++a) {
    for (std::size_t b = 0; b < ladder().size(); ++b) {
      for (const std::string& one : ladder()[a]) {
        for (const std::string& other : ladder()[b]) {
          const std::weak_ordering found = order().compare(as_bytes(one), as_bytes(other));
          EXPECT_EQ(found < 0, a < b) << "rungs " << a << " and " << b;
          EXPECT_EQ(found > 0, a > b) << "rungs " << a << " and " << b;
        }
      }
    }
  }
}

TEST(ValueView, FindsTheValueOfAKey) {
  const std::string fields = V::entries(kMapFields, {{"a", V::integer(1)}, {"b", V::text("x")}});
  const auto found = find_value(as_bytes(fields), kMapFields, "b");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->type(), ValueType::String);
  EXPECT_EQ(as_text((*found)->bytes()), "x");
  EXPECT_FALSE(find_value(as_bytes(fields), kMapFields, "c")->has_value());
}

}  // namespace
}  // namespace firebreak
