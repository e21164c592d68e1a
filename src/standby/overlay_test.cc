#include "standby/overlay.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <unistd.h>

#include "base/random.h"
#include "firestore/document_key.h"

namespace firebreak {
namespace {

constexpr const char* kDatabase = "projects/p/databases/d";

FirestoreTime at(std::int64_t microseconds) {
  return FirestoreTime(std::chrono::microseconds(microseconds));
}

class OverlayTest : public testing::Test {
 protected:
  OverlayTest() {
    std::string pattern = testing::TempDir() + "overlay-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~OverlayTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

// What a history of commits is at every time, against a map; reopened half-way.
TEST_F(OverlayTest, IsAtEveryTimeWhatWasCommittedUntilThen) {
  std::byte raw[8];
  fill_secret(raw);
  const std::uint64_t seed = load_le64(raw);
  SCOPED_TRACE(seed);
  Random random(seed);
  // Ids that are prefixes of each other, hold zeros, and are numbers, which come first.
  std::vector<std::string> keys;
  for (const std::string& id :
       {std::string("a"), std::string("a\0", 2), std::string("a\0b", 3), std::string("ab"),
        std::string("__id-1__"), std::string("__id7__"), std::string("\xff\xff")}) {
    keys.push_back(document_key("c/" + id));
    keys.push_back(document_key("c/" + id + "/c/x"));
  }
  std::map<std::int64_t, std::map<std::string, std::string>> states;
  std::map<std::string, std::string> state;
  std::int64_t now = 1000;
  std::optional<Overlay> overlay(*Overlay::open(folder_));
  for (int commit = 0; commit < 200; ++commit) {
    now += 1 + static_cast<std::int64_t>(random.below(5));
    std::vector<Overlay::Change> changes;
    std::map<std::string, std::string> changed;
    for (std::uint64_t count = 1 + random.below(3); count > 0; --count) {
      const std::string& key = keys[random.below(keys.size())];
      changed[key] = random.below(3) == 0 ? "" : std::to_string(commit);
    }
    for (const auto& [key, record] : changed) {
      changes.push_back({kDatabase, key, to_bytes(record)});
      state[key] = record;
    }
    ASSERT_TRUE(overlay->commit(changes, at(now)).ok());
    ASSERT_TRUE(
        overlay->commit({{"projects/p/databases/d2", keys[0], to_bytes("other")}}, at(now)).ok());
    states[now] = state;
    if (commit == 100) {
      overlay.reset();
      overlay.emplace(*Overlay::open(folder_));
      EXPECT_EQ(*overlay->last_commit(), at(now));
    }
  }
  for (std::int64_t time = 1000; time <= now; ++time) {
    const auto after = states.upper_bound(time);
    const std::map<std::string, std::string> wanted =
        after == states.begin() ? std::map<std::string, std::string>() : std::prev(after)->second;
    std::map<std::string, std::string> found;
    Overlay::Cursor documents = overlay->versions(kDatabase, at(time));
    ASSERT_TRUE(documents.seek("").ok());
    std::string before;
    while (!documents.is_at_end()) {
      EXPECT_LT(before, documents.key());
      before = documents.key();
      found[before] = to_text(documents.record());
      ASSERT_TRUE(documents.next().ok());
    }
    EXPECT_EQ(found, wanted) << time;
    for (const std::string& key : keys) {
      const std::optional<Bytes> one = *overlay->find(kDatabase, key, at(time));
      EXPECT_EQ(one.has_value(), wanted.contains(key));
      if (one) {
        EXPECT_EQ(to_text(*one), wanted.at(key));
      }
    }
  }
}

TEST_F(OverlayTest, TwoCannotHaveOneFolder) {
  const Result<Overlay> first = Overlay::open(folder_);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(failed_with(Overlay::open(folder_), Code::Io));
}

}  // namespace
}  // namespace firebreak
