// One operation on a repository in a folder, for the crash harnesses to kill:
//
//   crash_workload init|first|save|forget|prune|tag|key REPOSITORY CACHE [SEED]
//     writes what it promises to standard output: "made", "saved SEED", …
//   crash_workload survive CACHE REPOSITORY…
//     a line for each: "intact SEED…" when all snapshots in it read byte-equal, and locks removed,
//     a backup works; "none" when there is no repository yet, and one could be made; or "lost WHY"
#include <charconv>
#include <string>
#include <unistd.h>

#include "backend/local.h"
#include "base/file.h"
#include "fault/workload.h"

namespace firebreak {
namespace {

constexpr std::uint64_t kSeedAfterwards = 9;

void promise(const std::string& line) {
  // One call, and not through a buffer: it is a promise from then on.
  CHECK(write_all(STDOUT_FILENO, as_bytes(line + "\n")).ok());
}

Result<void> operate(const std::string& verb, Backend& backend, const std::string& cache,
                     std::uint64_t seed, Clock& clock) {
  if (verb == "init") {
    TRY(make_repository(backend, clock));
    promise("made");
  } else if (verb == "first") {
    TRY(make_repository(backend, clock));
    promise("made");
    TRY(save_seeded(backend, cache, seed, clock));
    promise(fmt::format("saved {}", seed));
  } else if (verb == "save") {
    TRY(save_seeded(backend, cache, seed, clock));
    promise(fmt::format("saved {}", seed));
  } else if (verb == "forget") {
    TRY(forget_seeded(backend, cache, seed, clock));
    promise(fmt::format("forgot {}", seed));
  } else if (verb == "prune") {
    TRY(forget_seeded(backend, cache, seed, clock));
    TRY(prune_all(backend, cache, clock));
    promise("pruned");
  } else if (verb == "tag") {
    TRY(tag_all(backend, cache, clock));
    promise("tagged");
  } else if (verb == "key") {
    TRY(add_second_key(backend, cache, clock));
    promise("added");
  } else {
    return error(Code::Invalid, "no verb {}", verb);
  }
  return {};
}

Result<std::string> survive(Backend& backend, const std::string& cache, Clock& clock) {
  std::string line = "intact";
  Result<std::vector<std::uint64_t>> seeds = seeds_of_intact(backend, cache);
  if (failed_with(seeds, Code::NotFound) && !backend.stat(config_file(), {}).ok()) {
    TRY(make_repository(backend, clock).context("init after the crash"));
    line = "none";
  } else {
    const std::vector<std::uint64_t> found = TRY(std::move(seeds));
    for (const std::uint64_t seed : found) line += fmt::format(" {}", seed);
  }
  TRY(unlock_all(backend, cache).context("unlock after the crash"));
  TRY(save_seeded(backend, cache, kSeedAfterwards, clock).context("save after the crash"));
  TRY(seeds_of_intact(backend, cache).context("read after the repeated save"));
  return line;
}

}  // namespace
}  // namespace firebreak

int main(int count, char** raw) {
  using namespace firebreak;
  const std::vector<std::string> arguments(raw, raw + count);
  CHECK(arguments.size() >= 3);
  // Stands still, so that nobody waits for locks to settle.
  FakeClock clock(system_clock().now());
  if (arguments[1] == "survive") {
    for (std::size_t i = 3; i < arguments.size(); ++i) {
      LocalBackend backend(arguments[i]);
      const Result<std::string> line = survive(backend, arguments[2], clock);
      promise(line.ok() ? *line : "lost " + line.error().message());
    }
    return 0;
  }
  CHECK(arguments.size() >= 4);
  std::uint64_t seed = 0;
  if (arguments.size() > 4) {
    const std::string& digits = arguments[4];
    std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  }
  LocalBackend backend(arguments[2]);
  const Result<void> done = operate(arguments[1], backend, arguments[3], seed, clock);
  if (done.ok()) return 0;
  (void)write_all(STDERR_FILENO, as_bytes(done.error().message() + "\n"));
  return 1;
}
