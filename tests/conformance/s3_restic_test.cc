// Repositories in S3 between restic and us: what either writes, the other reads, in a plain bucket
// and in one with object lock.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>

#include "backend/open.h"
#include "fault/workload.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

// The one of tools/programs.sh, which is the newest, before that of the system; empty: none.
const std::string& program() {
  static const std::string found = fs::exists(BUILT_RESTIC) ? BUILT_RESTIC : RESTIC;
  return found;
}

class S3ResticTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fs::exists(program())) << "no restic";
    const char* const bucket = std::getenv(GetParam());
    ASSERT_NE(bucket, nullptr) << GetParam() << " is not set: run beside with_server.py s3";
    place_ = fmt::format("s3:{}/restic-{:x}", bucket, std::random_device()());
    std::string pattern = testing::TempDir() + "s3-restic-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const Result<Location> location = parse_location(place_);
    ASSERT_TRUE(location.ok()) << location.error().message();
    Result<std::unique_ptr<Backend>> opened =
        open_backend(*location, {}, read_environment(), system_clock());
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    backend_ = *std::move(opened);
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  // Fails the test, with what restic said, where it does not end with success.
  void restic(const std::string& arguments) const {
    const std::string command =
        fmt::format("RESTIC_PASSWORD={} '{}' --no-cache -r '{}' {} >{}/said 2>&1", kPassword,
                    program(), place_, arguments, folder_);
    const int status = std::system(command.c_str());
    std::ifstream file(folder_ + "/said");
    const std::string said(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(status, 0) << "restic " << arguments << ": " << said;
  }

  std::string cache() const { return folder_ + "/cache"; }

  std::string place_;
  std::string folder_;
  std::unique_ptr<Backend> backend_;
};

TEST_P(S3ResticTest, ResticReadsWhatWeWrite) {
  ASSERT_TRUE(backend_->create({}).ok());
  const Result<void> made = make_repository(*backend_, system_clock());
  ASSERT_TRUE(made.ok()) << made.error().message();
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Result<SnapshotId> saved = save_seeded(*backend_, cache(), seed, system_clock());
    ASSERT_TRUE(saved.ok()) << saved.error().message();
  }
  restic("check --read-data");
  ASSERT_TRUE(forget_seeded(*backend_, cache(), 3, system_clock()).ok());
  const Result<void> pruned = prune_all(*backend_, cache(), system_clock());
  ASSERT_TRUE(pruned.ok()) << pruned.error().message();
  restic("check --read-data");
  restic(fmt::format("restore latest --target {}/restored", folder_));
}

TEST_P(S3ResticTest, WeReadWhatResticLeaves) {
  restic("init");
  for (const std::uint64_t seed : {4U, 5U}) {
    const Result<SnapshotId> saved = save_seeded(*backend_, cache(), seed, system_clock());
    ASSERT_TRUE(saved.ok()) << saved.error().message();
  }
  restic("forget --host seed-4 --keep-last 1 --group-by host");
  restic("tag --add seen");
  restic("prune --max-unused 0 --repack-small");
  restic("check --read-data");
  const Result<std::vector<std::uint64_t>> seeds = seeds_of_intact(*backend_, cache());
  ASSERT_TRUE(seeds.ok()) << seeds.error().message();
  EXPECT_EQ(seeds->size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Buckets, S3ResticTest,
                         testing::Values("FIREBREAK_TEST_S3", "FIREBREAK_TEST_S3_LOCKED"),
                         [](const auto& bucket) { return std::string(bucket.param); });

}  // namespace
}  // namespace firebreak
