// What each part of a job costs alone: processor and wall time, by thread.
#pragma once

#include <array>
#include <cstdint>
#include <ctime>

namespace firebreak {

enum class Step {
  Walk,
  Read,
  Hash,
  Compress,
  Seal,
  VerifyOpen,
  VerifyDecompress,
  VerifyCompare,
  HashPacks,
  WritePacks,
  ReadPacks,
  Open,
  Decompress,
  Create,
  Write,
};
constexpr std::size_t kSteps = static_cast<std::size_t>(Step::Write) + 1;
constexpr std::array<const char*, kSteps> kStepNames = {"walk",
                                                        "read",
                                                        "hash",
                                                        "compress",
                                                        "seal",
                                                        "verify_open",
                                                        "verify_decompress",
                                                        "verify_compare",
                                                        "hash_packs",
                                                        "write_packs",
                                                        "read_packs",
                                                        "open",
                                                        "decompress",
                                                        "create",
                                                        "write"};

struct Cost {
  double cpu_seconds = 0;
  double wall_seconds = 0;
};

// One per thread; not thread-safe.
class Meter {
 public:
  // Does `work` and books its cost.
  template <typename Work>
  auto time(Step step, Work&& work) {
    const Lap lap(costs_[static_cast<std::size_t>(step)]);
    return work();
  }
  void add(const Meter& other) {
    for (std::size_t i = 0; i < kSteps; ++i) {
      costs_[i].cpu_seconds += other.costs_[i].cpu_seconds;
      costs_[i].wall_seconds += other.costs_[i].wall_seconds;
    }
  }
  const Cost& cost(Step step) const { return costs_[static_cast<std::size_t>(step)]; }

 private:
  static double now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

  struct Lap {
    explicit Lap(Cost& to)
        : cost(to), wall(now(CLOCK_MONOTONIC)), cpu(now(CLOCK_THREAD_CPUTIME_ID)) {}
    ~Lap() {
      cost.cpu_seconds += now(CLOCK_THREAD_CPUTIME_ID) - cpu;
      cost.wall_seconds += now(CLOCK_MONOTONIC) - wall;
    }
    Lap(const Lap&) = delete;
    Lap& operator=(const Lap&) = delete;
    Cost& cost;
    double wall;
    double cpu;
  };

  std::array<Cost, kSteps> costs_{};
};

}  // namespace firebreak
