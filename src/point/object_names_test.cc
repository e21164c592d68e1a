#include "point/object_names.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/random.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

// Where each of these names is put.
std::map<std::string, std::string> places_of(std::set<std::string> names) {
  std::map<std::string, std::string> places;
  ObjectPlaces placer([&](const ObjectPlaces::Place& place, ByteView value) {
    places[to_text(value)] = fmt::format("{}", fmt::join(place, "/"));
    return Result<void>();
  });
  for (const std::string& name : names) EXPECT_TRUE(placer.add(name, as_bytes(name)).ok());
  EXPECT_TRUE(placer.finish().ok());
  return places;
}

std::set<std::string> numbered(const std::string& prefix, int count) {
  std::set<std::string> names;
  for (int i = 0; i < count; ++i) names.insert(fmt::format("{}{:02}", prefix, i));
  return names;
}

TEST(ObjectNamesTest, Escapes) {
  EXPECT_EQ(escape_component("My photo-1_2.jpg"), "My photo-1_2.jpg");
  EXPECT_EQ(escape_component(" a "), "%20a%20");
  EXPECT_EQ(escape_component(""), "%_");
  EXPECT_EQ(escape_component("."), "%2E");
  EXPECT_EQ(escape_component(".."), "%2E%2E");
  EXPECT_EQ(escape_component("50%\n\xc3\xa9"), "50%25%0A%C3%A9");
}

TEST(ObjectNamesTest, APrefixOfManyIsAFolder) {
  std::set<std::string> names = numbered("img/", 32);
  names.merge(numbered("few/", 31));
  names.merge(numbered("deep/er/", 40));
  for (const char* name : {"/x//y", "a/", "a/../b", "deep/a/b", "img"}) names.insert(name);
  const auto places = places_of(names);
  EXPECT_EQ(places.size(), names.size());
  EXPECT_EQ(places.at("img/07"), "img/07");
  EXPECT_EQ(places.at("few/07"), "few%2F07");
  EXPECT_EQ(places.at("deep/er/39"), "deep/er/39");
  EXPECT_EQ(places.at("deep/a/b"), "deep/a%2Fb");
  EXPECT_EQ(places.at("/x//y"), "%_%2Fx%2F%_%2Fy");
  EXPECT_EQ(places.at("a/"), "a%2F%_");
  EXPECT_EQ(places.at("a/../b"), "a%2F%2E%2E%2Fb");
}

TEST(ObjectNamesTest, WhatIsTooLongLiesUnderItsHash) {
  const std::string piece(201, 'p');
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "d/";
  std::set<std::string> names = numbered(deep, 40);
  names.insert(piece);
  const auto places = places_of(names);
  const std::string digest = to_hex(sha256(as_bytes(piece)));
  EXPECT_EQ(places.at(piece), "%l/" + digest.substr(0, 2) + "/" + digest);
  EXPECT_TRUE(places.at(deep + "07").starts_with("%l/"));
}

// The rule itself, applied to all names at once.
std::string place_by_rule(const std::string& name, const std::set<std::string>& all) {
  std::string place;
  std::string rest = name;
  std::string prefix;
  for (;;) {
    const std::size_t slash = rest.find('/');
    if (slash == std::string::npos) break;
    prefix += rest.substr(0, slash + 1);
    const auto below =
        std::ranges::count_if(all, [&](const std::string& one) { return one.starts_with(prefix); });
    if (below < 32) break;
    place += escape_component(rest.substr(0, slash)) + "/";
    rest = rest.substr(slash + 1);
  }
  for (;;) {
    const std::size_t slash = rest.find('/');
    place += escape_component(rest.substr(0, slash));
    if (slash == std::string::npos) return place;
    place += "%2F";
    rest = rest.substr(slash + 1);
  }
}

TEST(ObjectNamesTest, PlacesAreThoseOfTheRuleForAnySetOfNames) {
  Random random(7);
  for (int round = 0; round < 60; ++round) {
    std::set<std::string> names;
    const char letters[] = {'a', 'b', '/', '!', '0'};
    const std::uint64_t count = 1 + random.below(300);
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string name;
      const std::uint64_t length = 1 + random.below(9);
      for (std::uint64_t at = 0; at < length; ++at) name += letters[random.below(sizeof letters)];
      names.insert(name);
    }
    const auto places = places_of(names);
    ASSERT_EQ(places.size(), names.size());
    for (const auto& [name, place] : places) {
      ASSERT_EQ(place, place_by_rule(name, names)) << name << " in round " << round;
    }
  }
}

}  // namespace
}  // namespace firebreak
