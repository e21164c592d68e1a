// Listings that are not exact.
#include <gtest/gtest.h>

#include "backend/faulty.h"
#include "backend/memory.h"
#include "snapshot/snapshot.h"

namespace firebreak {
namespace {

TEST(LoadSnapshots, FindsEachOnceThoughAListingOmitsOrRepeats) {
  MemoryBackend store;
  const ScryptCost cheap{2, 1, 1};
  ASSERT_TRUE(
      Repository::init(store, {"secret", {"me", "here"}, cheap, {}}, system_clock(), {}).ok());
  FaultyBackend backend(store, system_clock());
  const auto repository = Repository::open(backend, "secret", "", testing::TempDir(), {});
  ASSERT_TRUE(repository.ok());
  for (const char* host : {"a", "b", "c"}) {
    Snapshot snapshot;
    snapshot.hostname = host;
    snapshot.paths = {"/"};
    ASSERT_TRUE(save_snapshot(**repository, snapshot, {}).ok());
  }
  for (const Fault fault : {Fault::ListOmits, Fault::ListRepeats}) {
    for (const std::uint64_t first : {1, 2}) {
      FaultRule rule;
      rule.fault = fault;
      rule.operation = Operation::List;
      rule.first = first;
      backend.set_plan({rule});
      const Result<std::vector<FoundSnapshot>> found = load_snapshots(**repository, {});
      ASSERT_TRUE(found.ok()) << found.error().message();
      EXPECT_EQ(found->size(), 3U) << name(fault) << " at listing " << first;
      EXPECT_EQ(backend.faults(), 1U);
    }
  }
}

}  // namespace
}  // namespace firebreak
