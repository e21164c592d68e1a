// firebreak-floor: what backup, restore and check of a tree cost at least, as the sum of their
// unavoidable parts with the product's own primitives. Prints JSON; times in seconds. The
// processor time of a job is the sum over threads; its wall time is that of the busiest thread.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "floor_jobs.h"

namespace firebreak {
namespace {

using Json = nlohmann::ordered_json;

struct Request {
  std::string tree;
  std::string work;
  std::vector<unsigned> threads;
  int level = 2;
  bool keep = false;
};

Json report(const std::vector<Meter>& meters) {
  const auto threads = static_cast<double>(meters.size());
  Json json;
  double cpu = 0;
  double busiest = 0;
  for (const Meter& meter : meters) {
    double wall = 0;
    for (std::size_t i = 0; i < kSteps; ++i) wall += meter.cost(static_cast<Step>(i)).wall_seconds;
    busiest = std::max(busiest, wall);
  }
  Json parts;
  for (std::size_t i = 0; i < kSteps; ++i) {
    Cost cost;
    for (const Meter& meter : meters) {
      cost.cpu_seconds += meter.cost(static_cast<Step>(i)).cpu_seconds;
      cost.wall_seconds += meter.cost(static_cast<Step>(i)).wall_seconds / threads;
    }
    cpu += cost.cpu_seconds;
    if (cost.wall_seconds > 0) {
      parts[kStepNames[i]] = {{"cpu_seconds", cost.cpu_seconds},
                              {"wall_seconds", cost.wall_seconds}};
    }
  }
  json["cpu_seconds"] = cpu;
  json["wall_seconds"] = busiest;
  json["parts"] = parts;
  return json;
}

Json describe(const Survey& survey) {
  std::uint64_t bytes = 0;
  std::uint64_t unique = 0;
  std::uint64_t compressible = 0;
  for (const SurveyedFile& file : survey.files) bytes += file.size_bytes;
  for (std::size_t i = 0; i < survey.chunks.size(); ++i) {
    if (!survey.is_new(i)) continue;
    unique += survey.chunks[i].size_bytes;
    if (survey.chunks[i].is_compressible) compressible += survey.chunks[i].size_bytes;
  }
  return {{"files", survey.files.size()},
          {"bytes", bytes},
          {"chunks", survey.chunks.size()},
          {"unique_bytes", unique},
          {"compressible_bytes", compressible}};
}

Result<Json> run_once(Survey& survey, const Request& request, unsigned threads) {
  FloorRun run{threads, request.level, request.work + "/packs", request.work + "/restored"};
  std::error_code ignored;
  std::filesystem::remove_all(run.packs, ignored);
  std::filesystem::remove_all(run.restored, ignored);
  TRY(make_folders(run.packs));
  const Sealer sealer(MasterKey::generate());

  Json json;
  json["threads"] = threads;
  std::vector<Meter> walking(1);
  const Survey again = TRY(walking[0].time(Step::Walk, [&] { return walk(request.tree); }));
  if (again.files.size() != survey.files.size()) return error(Code::Corrupt, "the tree changed");
  json["unchanged"] = report(walking);
  const std::vector<Meter> backup = TRY(floor_backup(survey, run, sealer));
  json["backup"] = report(backup);
  std::uint64_t stored = 0;
  for (const SurveyedChunk& chunk : survey.chunks) stored += chunk.stored_bytes;
  json["stored_bytes"] = stored;
  const std::vector<Meter> check = TRY(floor_check(survey, run, sealer));
  json["check"] = report(check);
  const std::vector<Meter> restore = TRY(floor_restore(survey, run, sealer));
  json["restore"] = report(restore);
  if (!request.keep) {
    std::filesystem::remove_all(run.packs, ignored);
    std::filesystem::remove_all(run.restored, ignored);
  }
  return json;
}

Result<Json> measure(const Request& request) {
  Survey survey = TRY(walk(request.tree));
  const unsigned most = *std::max_element(request.threads.begin(), request.threads.end());
  TRY(cut(survey, most));
  Json json = describe(survey);
  json["zstd_level"] = request.level;
  for (const unsigned threads : request.threads) {
    Json run = TRY(run_once(survey, request, threads));
    json["runs"].push_back(std::move(run));
  }
  return json;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  firebreak::Request request;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  request.threads = cores > 1 ? std::vector<unsigned>{1, cores} : std::vector<unsigned>{1};
  CLI::App app(
      "Measures the floor of backup, restore and check of a tree.\n"
      "Example: firebreak-floor --work /dev/shm/floor /dev/shm/tree");
  app.add_option("--work", request.work, "folder for packs and the restored tree")->required();
  app.add_option("--threads", request.threads, "thread counts to measure, as 1,2")
      ->delimiter(',')
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--level", request.level, "zstd level, by default the product's")
      ->check(CLI::Range(1, 19))
      ->capture_default_str();
  app.add_flag("--keep", request.keep, "leave packs and the restored tree of the last run");
  app.add_option("TREE", request.tree, "the tree")->required()->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, argc, argv);

  const auto result = firebreak::measure(request);
  if (!result.ok()) {
    fmt::print(stderr, "firebreak-floor: {}\n", result.error().message());
    return 1;
  }
  fmt::print("{}\n", result.value().dump());
  return 0;
}
