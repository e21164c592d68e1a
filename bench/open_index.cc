// firebreak-open-index: what opening a repository's index costs, as JSON: seconds for the key, the
// index and lookups, and the private memory at the end. An empty cache folder measures the cold
// case, a used one the warm case.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "backend/local.h"
#include "base/clock.h"
#include "base/random.h"
#include "repository/repository.h"

namespace firebreak {
namespace {

struct Request {
  std::string folder;
  std::string password_file;
  std::string cache;
  std::uint64_t lookups = 1'000'000;
};

double seconds_since(Nanoseconds start) {
  return std::chrono::duration<double>(system_clock().since_boot() - start).count();
}

// Of memory that is this process's alone: not backed by a file, and so not to be dropped.
Result<std::uint64_t> anonymous_bytes() {
  const Bytes text = TRY(read_file("/proc/self/smaps_rollup", 65536));
  const std::string_view rollup = as_text(text);
  const std::size_t at = rollup.find("Anonymous:");
  if (at == std::string_view::npos) return error(Code::Invalid, "no Anonymous in smaps_rollup");
  return std::stoull(std::string(rollup.substr(at + 10, 24))) * 1024;
}

std::uint64_t cpu_nanoseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_usec) * 1000;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// Looks up blobs that are there, at random, and as many that are not. Invalid where one that is
// there is not found.
Result<void> look_up(const Index& index, std::uint64_t lookups, std::uint64_t blobs) {
  Random random(1);
  for (std::uint64_t i = 0; i < lookups; ++i) {
    std::uint64_t nth = random.below(blobs);
    for (const IndexTable& table : index.tables()) {
      if (nth >= table.rows().size()) {
        nth -= table.rows().size();
        continue;
      }
      const IndexRow row = table.rows()[nth];
      if (!index.contains(row.type(), row.id)) return error(Code::Invalid, "{} is lost", row.id);
      break;
    }
    BlobId absent;
    random.fill(absent.bytes);
    if (index.contains(BlobType::Data, absent)) return error(Code::Invalid, "{} is there", absent);
  }
  return {};
}

Result<nlohmann::ordered_json> measure(const Request& request) {
  const Bytes text = TRY(read_file(request.password_file, 4096));
  std::string password = to_text(text);
  while (password.ends_with('\n')) password.pop_back();
  nlohmann::ordered_json json;
  LocalBackend backend(request.folder);
  Nanoseconds start = system_clock().since_boot();
  const auto repository = TRY(Repository::open(backend, password, "", request.cache, {}));
  json["key_seconds"] = seconds_since(start);
  const std::uint64_t cpu = cpu_nanoseconds();
  start = system_clock().since_boot();
  TRY(repository->load_index(OnBroken::Fail, {}));
  json["index_seconds"] = seconds_since(start);
  json["index_cpu_seconds"] = static_cast<double>(cpu_nanoseconds() - cpu) * 1e-9;
  json["anonymous_bytes"] = TRY(anonymous_bytes());
  const Index& index = repository->index();
  std::uint64_t blobs = 0;
  for (const IndexTable& table : index.tables()) blobs += table.rows().size();
  json["tables"] = index.tables().size();
  json["blobs"] = blobs;
  start = system_clock().since_boot();
  if (blobs > 0) TRY(look_up(index, request.lookups, blobs));
  json["nanoseconds_per_lookup"] =
      seconds_since(start) * 1e9 / (2 * static_cast<double>(std::max(request.lookups, 1UL)));
  json["anonymous_bytes_after_lookups"] = TRY(anonymous_bytes());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  json["resident_bytes_max"] = usage.ru_maxrss * 1024;
  return json;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  firebreak::Request request;
  CLI::App app(
      "Opens a repository's index and prints what that cost.\n"
      "Example: firebreak-open-index --password-file pw --cache /tmp/cache /dev/shm/many");
  app.add_option("--password-file", request.password_file, "file with the password")->required();
  app.add_option("--cache", request.cache, "folder of the index tables")->required();
  app.add_option("--lookups", request.lookups, "how many blobs to look up, there and not there")
      ->capture_default_str();
  app.add_option("REPOSITORY", request.folder, "the repository's folder")
      ->required()
      ->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, argc, argv);

  const auto result = firebreak::measure(request);
  if (!result.ok()) {
    fmt::print(stderr, "firebreak-open-index: {}\n", result.error().message());
    return 1;
  }
  fmt::print("{}\n", result.value().dump());
  return 0;
}
