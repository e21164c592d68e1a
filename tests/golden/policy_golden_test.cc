// Retention and patterns against restic: the same snapshots and policies, the same files and
// excludes, and every decision compared. Zones are left out, as restic has none: each snapshot's
// offset is its zone, and ours are written in UTC.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "backend/local.h"
#include "base/random.h"
#include "snapshot/filter.h"
#include "snapshot/retention.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

// The one of tools/programs.sh, which is the newest, before that of the system; empty: none.
const std::string& program() {
  static const std::string found = fs::exists(BUILT_RESTIC) ? BUILT_RESTIC : RESTIC;
  return found;
}

class PolicyGoldenTest : public testing::Test {
 protected:
  PolicyGoldenTest() {
    if (!fs::exists(program())) return;
    std::string name = testing::TempDir() + "policy_golden_XXXXXX";
    CHECK(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    backend_ = std::make_unique<LocalBackend>(folder_ + "/repository");
    CHECK(backend_->create({}).ok());
    CHECK(Repository::init(*backend_, {"secret", {"me", "here"}, ScryptCost{2, 1, 1}, {}},
                           system_clock(), {})
              .ok());
    auto opened = Repository::open(*backend_, "secret", "", folder_ + "/cache", {});
    CHECK(opened.ok());
    repository_ = std::move(opened).value();
  }
  ~PolicyGoldenTest() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  void SetUp() override {
    ASSERT_FALSE(folder_.empty()) << "no restic";
  }

  // What restic is, like "restic 0.19.1 compiled with …".
  static std::string restic_version() {
    FILE* const pipe = ::popen(("'" + program() + "' version").c_str(), "r");
    CHECK(pipe != nullptr);
    char line[256] = "";
    (void)std::fgets(line, sizeof line, pipe);
    (void)::pclose(pipe);
    return line;
  }

  // The lines that restic prints, JSON ones alone.
  std::vector<nlohmann::json> restic(const std::string& arguments) const {
    const std::string command = "RESTIC_PASSWORD=secret '" + program() +
                                "' --json --no-cache -r '" + folder_ + "/repository' " + arguments +
                                " 2>" + folder_ + "/errors";
    FILE* const pipe = ::popen(command.c_str(), "r");
    CHECK(pipe != nullptr);
    std::string output;
    char buffer[4096];
    while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) {
      output.append(buffer, size);
    }
    const int status = ::pclose(pipe);
    if (status != 0) {
      std::ifstream errors(folder_ + "/errors");
      std::stringstream text;
      text << errors.rdbuf();
      ADD_FAILURE() << command << " ended with " << status << ": " << text.str();
    }
    std::vector<nlohmann::json> lines;
    std::istringstream stream(output);
    for (std::string line; std::getline(stream, line);) {
      auto json = nlohmann::json::parse(line, nullptr, false);
      if (!json.is_discarded()) lines.push_back(std::move(json));
    }
    return lines;
  }

  std::string folder_;
  std::unique_ptr<LocalBackend> backend_;
  std::unique_ptr<Repository> repository_;
};

struct AskedPolicy {
  RetentionPolicy policy;
  std::string arguments;
};

AskedPolicy random_policy(Random& random) {
  AskedPolicy asked;
  const auto count = [&](int& field, const char* option) {
    if (random.below(3) != 0) return;
    field = static_cast<int>(random.below(12));
    asked.arguments += fmt::format(" --keep-{} {}", option, field);
  };
  const auto span = [&](Duration& field, const char* option) {
    if (random.below(4) != 0) return;
    field.days = static_cast<int>(1 + random.below(60));
    field.hours = static_cast<int>(random.below(30));
    field.months = static_cast<int>(random.below(2) * random.below(20));
    field.years = static_cast<int>(random.below(2) * random.below(3));
    asked.arguments += fmt::format(" --keep-within{} {}", option, format(field));
  };
  RetentionPolicy& policy = asked.policy;
  count(policy.last, "last");
  count(policy.hourly, "hourly");
  count(policy.daily, "daily");
  count(policy.weekly, "weekly");
  count(policy.monthly, "monthly");
  count(policy.yearly, "yearly");
  span(policy.within, "");
  span(policy.within_hourly, "-hourly");
  span(policy.within_daily, "-daily");
  span(policy.within_weekly, "-weekly");
  span(policy.within_monthly, "-monthly");
  span(policy.within_yearly, "-yearly");
  if (random.below(4) == 0) {
    policy.keep_tags = {{"a", "b"}, {"c"}};
    asked.arguments += " --keep-tag a,b --keep-tag c";
  }
  return asked;
}

using Reasons = std::map<std::string, std::vector<std::string>>;  // by the id of what is kept

Reasons restics(const nlohmann::json& groups) {
  Reasons kept;
  for (const auto& group : groups) {
    // In the same order; not every version names the snapshot in both.
    const auto& keep = group.at("keep");
    for (std::size_t i = 0; i < keep.size(); ++i) {
      kept[keep.at(i).at("id")] = group.at("reasons").at(i).at("matches");
    }
  }
  return kept;
}

Reasons ours(const std::vector<FoundSnapshot>& all, const RetentionRules& rules, WallTime now) {
  Reasons kept;
  const std::vector<GroupRetention> groups = retain(all, rules, now).value();
  for (const GroupRetention& group : groups) {
    EXPECT_FALSE(group.refusal.has_value());
    for (const auto& decision : group.decisions) {
      if (decision.keep) kept[all[decision.snapshot].id.hex()] = decision.reasons;
    }
  }
  return kept;
}

TEST_F(PolicyGoldenTest, ForgetDecidesAlike) {
  ASSERT_GE(restic_version(), "restic 0.16") << "older ones do not keep the oldest snapshot";
  const std::uint64_t seed = 20261124;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Random random(seed);
  const std::vector<std::vector<std::string>> tags = {{}, {"a"}, {"b", "a"}, {"c"}};
  const WallTime start = parse_rfc3339("2024-03-31T12:00:00Z").value().to_wall().value();
  for (int i = 0; i < 120; ++i) {
    const std::uint64_t spread_minutes = 60ULL << random.below(16);
    Snapshot snapshot;
    snapshot.time = FileTime::from(
        start - std::chrono::minutes(static_cast<int>(random.below(spread_minutes))) -
        std::chrono::milliseconds(i));
    snapshot.hostname = random.below(3) == 0 ? "one" : "two";
    snapshot.paths = {"/srv"};
    snapshot.tags = tags[random.below(tags.size())];
    ASSERT_TRUE(save_snapshot(*repository_, snapshot, {}).ok());
  }
  const auto all = load_snapshots(*repository_, {}).value();
  ASSERT_EQ(all.size(), 120U);
  for (int i = 0; i < 40; ++i) {
    AskedPolicy asked = random_policy(random);
    if (asked.policy.is_empty()) continue;
    // What would empty a group is an error of the whole command in restic.
    asked.policy.last = std::max(asked.policy.last, 1);
    asked.arguments += fmt::format(" --keep-last {}", asked.policy.last);
    const char* const by = i % 2 == 0 ? "host,paths" : "";
    const auto lines =
        restic(fmt::format("forget --dry-run --group-by '{}'{}", by, asked.arguments));
    ASSERT_FALSE(lines.empty());
    const RetentionRules rules{.policy = asked.policy, .group_by = parse_group_by(by).value()};
    EXPECT_EQ(ours(all, rules, system_clock().now()), restics(lines.back())) << asked.arguments;
  }
}

std::string random_pattern(Random& random, const std::string& root) {
  constexpr const char* kNames[] = {"a",    "b",  "c",  "*", "?",  "[ab]",
                                    "[^a]", "a*", "*c", "A", "*b*"};
  std::string pattern;
  bool has_double = false;  // restic misses matches of two '**', so one at most
  for (std::uint64_t i = 1 + random.below(4); i > 0; --i) {
    if (!pattern.empty()) pattern += '/';
    if (!has_double && !pattern.empty() && i > 1 && random.below(3) == 0) {
      pattern += "**/";
      has_double = true;
    }
    pattern += kNames[random.below(std::size(kNames))];
  }
  if (random.below(2) == 0) pattern = root + "/" + pattern;
  if (random.below(4) == 0) pattern = "!" + pattern;
  return pattern;
}

// The paths that a backup of `path` without what `filter` matches below it holds.
void walk(const fs::path& path, const Filter& filter, std::set<std::string>& left) {
  left.insert(path.string());
  if (!fs::is_directory(path)) return;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (!filter.match(entry.path().string()).matched) walk(entry.path(), filter, left);
  }
}

TEST_F(PolicyGoldenTest, BackupExcludesAlike) {
  const std::uint64_t seed = 20261125;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Random random(seed);
  const std::string root = folder_ + "/root";
  for (int i = 0; i < 150; ++i) {
    constexpr const char* kNames[] = {"a", "b", "c", "ab", "ba", "abc", "A", "Cab"};
    fs::path path = root;
    for (std::uint64_t depth = 1 + random.below(5); depth > 0; --depth) {
      path /= kNames[random.below(std::size(kNames))];
    }
    fs::create_directories(path);
  }
  for (int i = 0; i < 80; ++i) {
    std::vector<std::string> patterns(1 + random.below(3));
    for (std::string& pattern : patterns) pattern = random_pattern(random, root);
    const bool insensitive = random.below(3) == 0;
    std::string arguments = "backup --dry-run -vv '" + root + "/a' '" + root + "/b'";
    for (const std::string& pattern : patterns) {
      arguments += fmt::format(" --{}exclude='{}'", insensitive ? "i" : "", pattern);
    }
    const auto how = insensitive ? Filter::Case::Insensitive : Filter::Case::Sensitive;
    const Filter filter = Filter::parse(patterns, how).value();
    // Versions of restic differ in whether they leave out what they are asked for by name.
    if (filter.match(root + "/a").matched || filter.match(root + "/b").matched) continue;
    std::set<std::string> theirs, left;
    for (const auto& line : restic(arguments)) {
      if (line.value("message_type", "") != "verbose_status") continue;
      std::string item = line.value("item", "");
      while (item.size() > 1 && item.back() == '/') item.pop_back();
      if (item.starts_with(root + "/")) theirs.insert(item);
    }
    walk(root + "/a", filter, left);
    walk(root + "/b", filter, left);
    EXPECT_EQ(left, theirs) << arguments;
  }
}

}  // namespace
}  // namespace firebreak
