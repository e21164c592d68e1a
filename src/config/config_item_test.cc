#include "config/config_item.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

Json whole() {
  const std::string groups = "projects/demo/databases/(default)/collectionGroups/";
  return {{"releases",
           {{{"name", "projects/demo/releases/cloud.firestore"},
             {"rulesetName", "projects/demo/rulesets/1"},
             {"ruleset", {{"source", {{"files", {{{"name", "a"}, {"content", "b"}}}}}}}}},
            {{"name", "projects/demo/releases/firebase.storage/demo.appspot.com"}},
            {{"name", "projects/demo/releases/firebase.storage/demolished"}}}},
          {"remoteConfig", {{"client", {{"parameters", Json::object()}, {"version", {{"n", 1}}}}}}},
          {"databases",
           {{{"database",
              {{"name", "projects/demo/databases/(default)"},
               {"deleteProtectionState", "DELETE_PROTECTION_ENABLED"}}},
             {"indexes",
              {{{"name", groups + "users/indexes/i1"},
                {"state", "CREATING"},
                {"queryScope", "COLLECTION"},
                {"fields",
                 {{{"fieldPath", "a"}, {"order", "ASCENDING"}},
                  {{"fieldPath", "b"}, {"arrayConfig", "CONTAINS"}}}}}}},
             {"fields",
              {{{"name", groups + "users/fields/bio"}, {"indexConfig", Json::object()}},
               {{"name", groups + "users/fields/at"},
                {"indexConfig", {{"usesAncestorConfig", true}}},
                {"ttlConfig", {{"state", "ACTIVE"}}}}}}}}}};
}

std::vector<std::string> labels(const ConfigItems& items) {
  std::vector<std::string> all;
  for (const auto& [key, item] : items) all.push_back(item.label);
  return all;
}

TEST(ConfigItems, AreInTheOrderInWhichTheyAreRestored) {
  const Result<ConfigItems> items = config_items(whole(), "demo", "other");
  ASSERT_TRUE(items.ok()) << items.error().message();
  // A template without parameters is none, and a field that has all from others no item of its own.
  EXPECT_EQ(labels(*items),
            (std::vector<std::string>{
                "settings of database (default)", "indexes of field users.bio",
                "index users (a ascending, b contains)", "rules cloud.firestore",
                "rules firebase.storage/demolished", "rules firebase.storage/other.appspot.com",
                "time to live by users.at"}));
}

TEST(ConfigItems, AreEqualWhateverTheServiceTellsBeside) {
  Json later = whole();
  later["databases"][0]["indexes"][0]["state"] = "READY";
  later["databases"][0]["indexes"][0]["name"] =
      "projects/demo/databases/(default)/collectionGroups/users/indexes/i2";
  later["databases"][0]["fields"][1]["ttlConfig"]["state"] = "CREATING";
  const Result<ConfigItems> before = config_items(whole(), "demo", "demo");
  const Result<ConfigItems> after = config_items(later, "demo", "demo");
  ASSERT_TRUE(before.ok() && after.ok());
  ASSERT_EQ(before->size(), after->size());
  for (const auto& [key, item] : *before) {
    ASSERT_TRUE(after->contains(key)) << item.label;
    EXPECT_EQ(after->at(key).content, item.content) << item.label;
  }
}

// A point comes from a repository, and a service may answer anything.
TEST(ConfigItems, OfAnyJsonAreAnErrorOrItems) {
  constexpr std::uint64_t kSeed = 11;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Random random(kSeed);
  const Json flat = whole().flatten();
  const Json odd[] = {nullptr, 1, "text", Json::array(), Json::object(), Json::array({1})};
  for (int round = 0; round < 2000; ++round) {
    Json changed = flat;
    auto victim = changed.begin();
    std::advance(victim, static_cast<std::ptrdiff_t>(random.below(changed.size())));
    std::string path = victim.key();
    // The thing, or one that holds it.
    for (std::uint64_t up = random.below(4); up > 0 && path.rfind('/') > 0; --up) {
      path.resize(path.rfind('/'));
    }
    Json broken = whole();
    broken[Json::json_pointer(path)] = odd[random.below(std::size(odd))];
    const Result<ConfigItems> items = config_items(broken, "demo", "other");
    if (!items.ok()) {
      EXPECT_EQ(items.error().code(), Code::Corrupt);
    }
  }
}

}  // namespace
}  // namespace firebreak
