// A backend that goes wrong on purpose, for tests: it numbers the calls that pass through, and a
// plan says which of them fail, and how. A harness runs an operation once without a plan to learn
// how many calls it makes, then once for every call and every fault. Thread-safe; with one caller
// at a time, equal plans and seeds give equal runs.
#pragma once

#include <limits>
#include <map>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/random.h"

namespace firebreak {

enum class Operation { Create, Save, Load, Stat, List, Remove };

enum class Fault {
  Fail,         // nothing is done; `code` is answered
  LoseAnswer,   // done in full, then `code` is answered
  ShortSave,    // save stores the first half and says ok, as no honest store does
  ShortLoad,    // load hands out the first half and says ok
  CorruptLoad,  // load flips one bit
  ListOmits,    // list leaves out at least one file, and each other one with even chance
  ListRepeats,  // list names every file twice
  ListRemoved,  // list names files that were removed through this backend, too
  ListBreaks,   // list answers `code` after half of the files
  Wait,         // `wait` passes first; then all goes well
};

constexpr std::uint64_t kForEver = std::numeric_limits<std::uint64_t>::max();

// Strikes the calls first .. first + count - 1, counted from 1 among those that match `operation`
// and `type`. Failing for ever from a call on is a crash as the store sees it. A fault that the
// operation cannot have (ShortLoad of a save) leaves the call alone.
struct FaultRule {
  Fault fault = Fault::Fail;
  std::optional<Operation> operation{};  // any when absent
  std::optional<FileType> type{};        // any when absent
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  Code code = Code::Unavailable;
  std::chrono::milliseconds wait{};                        // of Wait
  std::optional<std::chrono::milliseconds> retry_after{};  // travels with `code`
  unsigned percent = 100;  // chance that a call in the range is struck
};

struct BackendCall {
  Operation operation;
  FileName file;  // of Create none; of List only the type

  bool operator==(const BackendCall&) const = default;
};

class FaultyBackend final : public Backend {
 public:
  // Borrows `inner`, so that a test can look at what was really stored, and `clock`.
  FaultyBackend(Backend& inner, Clock& clock, std::uint64_t seed = 0);

  // Replaces the plan and starts counting anew. The first rule that strikes a call decides.
  void set_plan(std::vector<FaultRule> rules);
  // Every call since the plan was set, in the order of arrival.
  std::vector<BackendCall> calls() const;
  // How many calls were struck since the plan was set.
  std::uint64_t faults() const;

  std::string location() const override { return inner_.location(); }
  unsigned connections() const override { return inner_.connections(); }
  Result<void> create(std::stop_token stop) override;
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override;
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override;
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override;
  Result<void> remove(const FileName& file, std::stop_token stop) override;

 private:
  struct CountedRule {
    FaultRule rule;
    std::uint64_t matched = 0;
  };

  // Counts the call, waits where the rule says so; the rule that strikes it, if any.
  Result<std::optional<FaultRule>> strike(Operation operation, const FileName& file,
                                          std::stop_token stop);
  std::uint64_t below(std::uint64_t limit);

  Backend& inner_;
  Clock& clock_;
  mutable Mutex mutex_;
  Random random_ GUARDED_BY(mutex_);
  std::vector<CountedRule> rules_ GUARDED_BY(mutex_);
  std::vector<BackendCall> calls_ GUARDED_BY(mutex_);
  std::uint64_t faults_ GUARDED_BY(mutex_) = 0;
  std::map<FileName, std::uint64_t> removed_ GUARDED_BY(mutex_);  // and their sizes
};

std::string_view name(Operation operation);
std::string_view name(Fault fault);

}  // namespace firebreak
