// Every call that an operation makes to its backend, with every fault that the call can have, once
// and from then on. After each: the clean repository opens, every snapshot that was reported saved
// is there and reads byte-equal, no snapshot is there with holes, and the operation done again
// succeeds.
//
//   FIREBREAK_FAULTS=full runs all cells; otherwise as many as 40 s allow, in a shuffled order.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <unistd.h>

#include "backend/faulty.h"
#include "backend/memory.h"
#include "fault/every_fault.h"
#include "fault/workload.h"

namespace firebreak {
namespace {

constexpr std::chrono::seconds kTimeMax{40};
// 1 and 3 share a blob, as 2 and 4 do: forgetting 1 leaves an index file to write anew, and
// forgetting 2 a pack.
const std::vector<std::uint64_t> kBaseSeeds = {1, 2, 3, 4};

struct Operated {
  Result<void> result;
  std::vector<std::uint64_t> saved{};   // seeds acknowledged
  std::vector<std::uint64_t> doomed{};  // seeds that may be gone
};

struct Workload {
  const char* name;
  bool starts_empty;
  std::function<Operated(Backend&, const std::string& cache, Clock&)> run;
};

Result<void> without_value(Result<SnapshotId> result) {
  TRY(std::move(result));
  return {};
}

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all = {
      {"init", true,
       [](Backend& backend, const std::string&, Clock& clock) {
         return Operated{make_repository(backend, clock)};
       }},
      {"save", false,
       [](Backend& backend, const std::string& cache, Clock& clock) {
         Operated done{without_value(save_seeded(backend, cache, 5, clock))};
         if (done.result.ok()) done.saved = {5};
         return done;
       }},
      {"save twice", false,
       [](Backend& backend, const std::string& cache, Clock& clock) {
         Operated done{without_value(save_seeded(backend, cache, 6, clock))};
         if (!done.result.ok()) return done;
         done.saved = {6};
         done.result = without_value(save_seeded(backend, cache, 7, clock));
         if (done.result.ok()) done.saved.push_back(7);
         return done;
       }},
      {"forget", false,
       [](Backend& backend, const std::string& cache, Clock& clock) {
         return Operated{forget_seeded(backend, cache, 2, clock), {}, {2}};
       }},
      {"prune", false,
       [](Backend& backend, const std::string& cache, Clock& clock) {
         Operated done{forget_seeded(backend, cache, 1, clock), {}, {1, 2}};
         if (done.result.ok()) done.result = forget_seeded(backend, cache, 2, clock);
         if (done.result.ok()) done.result = prune_all(backend, cache, clock);
         return done;
       }},
      {"tag", false,
       [](Backend& backend, const std::string& cache, Clock& clock) {
         return Operated{tag_all(backend, cache, clock)};
       }},
      {"key add", false,
       [](Backend& backend, const std::string& cache, Clock& clock) {
         return Operated{add_second_key(backend, cache, clock)};
       }},
  };
  return all;
}

struct Cell {
  const Workload* workload;
  FaultRule rule;
};

std::string to_string(const Cell& cell) {
  return fmt::format("{}: {} code {} at {} of {}", cell.workload->name, name(cell.rule.fault),
                     static_cast<int>(cell.rule.code), cell.rule.first, cell.rule.count);
}

class BackendFaults : public testing::Test {
 protected:
  BackendFaults()
      : cache_(testing::TempDir() + "/backend_faults-" + std::to_string(getpid())),
        clock_(kWorkloadTime) {
    MemoryBackend backend;
    CHECK(make_repository(backend, clock_).ok());
    for (const std::uint64_t seed : kBaseSeeds) {
      CHECK(save_seeded(backend, cache_, seed, clock_).ok());
    }
    files_ = backend.files();
  }
  ~BackendFaults() override { std::filesystem::remove_all(cache_); }

  std::uint64_t count_calls(const Workload& workload) {
    MemoryBackend store;
    if (!workload.starts_empty) store.set_files(files_);
    FaultyBackend backend(store, clock_);
    std::filesystem::remove_all(cache_);
    const Operated done = workload.run(backend, cache_, clock_);
    EXPECT_TRUE(done.result.ok()) << workload.name << ": " << done.result.error().message();
    return backend.calls().size();
  }

  std::vector<Cell> every_cell() {
    std::vector<Cell> cells;
    for (const Workload& workload : workloads()) {
      for (const FaultRule& rule : every_fault(count_calls(workload))) {
        // From listings that hide the same snapshots each time nobody can tell what is used.
        const bool hopeless = rule.fault == Fault::ListOmits && rule.count == kForEver &&
                              std::string_view(workload.name) == "prune";
        if (!hopeless) cells.push_back({&workload, rule});
      }
    }
    return cells;
  }

  // False where the plan struck no call: no such call can have that fault.
  bool run(const Cell& cell) {
    SCOPED_TRACE(to_string(cell));
    MemoryBackend store;
    if (!cell.workload->starts_empty) store.set_files(files_);
    FaultyBackend backend(store, clock_, 1);
    backend.set_plan({cell.rule});
    std::filesystem::remove_all(cache_);
    const Operated done = cell.workload->run(backend, cache_, clock_);
    if (backend.faults() == 0) return false;
    if (cell.rule.fault == Fault::ShortSave) {
      expect_no_wrong_bytes(store);
    } else if (cell.workload->starts_empty) {
      expect_made(store, done.result.ok());
    } else {
      expect_intact(store, done);
      expect_repeatable(store, *cell.workload);
    }
    return true;
  }

 private:
  // A store that says ok and keeps half lies; reading must say so.
  void expect_no_wrong_bytes(MemoryBackend& store) {
    const auto seeds = seeds_of_intact(store, cache_);
    EXPECT_TRUE(seeds.ok() || seeds.error().message().find("WRONG BYTES") == std::string::npos);
  }

  void expect_made(MemoryBackend& store, bool acknowledged) {
    Result<void> again = make_repository(store, clock_);
    EXPECT_TRUE(!acknowledged || failed_with(again, Code::Conflict));
    EXPECT_TRUE(again.ok() || failed_with(again, Code::Conflict)) << again.error().message();
    const auto saved = save_seeded(store, cache_, 1, clock_);
    EXPECT_TRUE(saved.ok()) << saved.error().message();
  }

  void expect_intact(MemoryBackend& store, const Operated& done) {
    const auto seeds = seeds_of_intact(store, cache_);
    ASSERT_TRUE(seeds.ok()) << seeds.error().message();
    std::vector<std::uint64_t> wanted = done.saved;
    for (const std::uint64_t seed : kBaseSeeds) {
      if (std::count(done.doomed.begin(), done.doomed.end(), seed) == 0) wanted.push_back(seed);
    }
    for (const std::uint64_t seed : wanted) {
      EXPECT_GT(std::count(seeds->begin(), seeds->end(), seed), 0) << "lost seed " << seed;
    }
  }

  void expect_repeatable(MemoryBackend& store, const Workload& workload) {
    const Result<void> unlocked = unlock_all(store, cache_);
    ASSERT_TRUE(unlocked.ok()) << unlocked.error().message();
    const Operated again = workload.run(store, cache_, clock_);
    ASSERT_TRUE(again.result.ok()) << again.result.error().message();
    expect_intact(store, again);
  }

 protected:
  std::string cache_;
  FakeClock clock_;
  std::map<FileName, Bytes> files_;
};

TEST_F(BackendFaults, NoneLosesWhatWasAcknowledged) {
  run_cells<Cell>(every_cell(), kTimeMax, [this](const Cell& cell) { return run(cell); });
}

}  // namespace
}  // namespace firebreak
