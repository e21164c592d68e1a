// The cells of a fault matrix, and how many of them a run takes.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>

#include "backend/faulty.h"
#include "base/random.h"

namespace firebreak {

// Every fault that one of so many calls can have, once and from then on.
inline std::vector<FaultRule> every_fault(std::uint64_t calls) {
  std::vector<FaultRule> rules;
  for (std::uint64_t first = 1; first <= calls; ++first) {
    for (const std::uint64_t count : {std::uint64_t{1}, kForEver}) {
      const auto add = [&](Fault fault, Code code) {
        FaultRule rule;
        rule.fault = fault;
        rule.first = first;
        rule.count = count;
        rule.code = code;
        rules.push_back(rule);
      };
      for (const Code code : {Code::Unavailable, Code::Exhausted, Code::NotFound}) {
        add(Fault::Fail, code);
      }
      for (const Code code : {Code::Unavailable, Code::UnknownOutcome, Code::Conflict}) {
        add(Fault::LoseAnswer, code);
      }
      for (const Fault fault :
           {Fault::ShortSave, Fault::ShortLoad, Fault::CorruptLoad, Fault::ListOmits,
            Fault::ListRepeats, Fault::ListRemoved, Fault::ListBreaks}) {
        add(fault, Code::Unavailable);
      }
    }
  }
  return rules;
}

// Runs all cells with FIREBREAK_FAULTS=full, else as many as the time allows, in a shuffled order;
// up to the first failure. `run` is false where the plan struck no call.
template <typename Cell>
void run_cells(std::vector<Cell> cells, std::chrono::seconds time_max,
               const std::function<bool(const Cell&)>& run) {
  const char* const wanted = std::getenv("FIREBREAK_FAULTS");
  const bool full = wanted != nullptr && std::string_view(wanted) == "full";
  std::byte raw[8];
  fill_secret(raw);
  const std::uint64_t seed = load_le64(raw);
  Random random(seed);
  for (std::size_t i = cells.size(); i > 1; --i) std::swap(cells[i - 1], cells[random.below(i)]);
  const auto deadline = std::chrono::steady_clock::now() + time_max;
  std::size_t run_cells = 0;
  std::size_t struck = 0;
  for (const Cell& cell : cells) {
    if (!full && std::chrono::steady_clock::now() > deadline) break;
    struck += run(cell) ? 1 : 0;
    ++run_cells;
    if (testing::Test::HasFailure()) break;
  }
  std::printf("%zu of %zu cells, %zu of them struck; seed %llu\n", run_cells, cells.size(), struck,
              static_cast<unsigned long long>(seed));
  EXPECT_GT(struck, 0U);
}

}  // namespace firebreak
