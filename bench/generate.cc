// firebreak-generate: writes the seeded tree that the benchmark backs up, changes a part of it
// for a second backup, or takes the change back. Prints one line of JSON; its digest is over the
// paths, sizes and contents of what was written, in plan order, whatever the thread count.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"
#include "base/task_group.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "tree_plan.h"

namespace firebreak {
namespace {

struct Request {
  std::uint64_t bytes = 0;
  std::uint64_t seed = 1;
  double mutate_percent = 0;
  bool revert = false;
  unsigned threads = 1;
  std::string folder;
};

// A file's size and SHA-256 as hexadecimal.
struct Written {
  std::uint64_t size_bytes = 0;
  std::string hash;
};

Result<Written> write_planned(const std::string& folder, const PlannedFile& file) {
  const std::string path = folder + "/" + file.path;
  ::unlink(path.c_str());
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.is_open()) return errno_error(errno, "create", path);
  Sha256Stream hash;
  Written written;
  const auto write = [&](ByteView piece) -> Result<void> {
    hash.update(piece);
    written.size_bytes += piece.size();
    return write_all(fd.get(), piece);
  };
  TRY(produce(file.content, write).context("write {}", path));
  const timespec time{file.modified_seconds, 0};
  const timespec times[] = {time, time};
  if (::futimens(fd.get(), times) != 0) return errno_error(errno, "set the time of", path);
  TRY(fd.close());
  written.hash = to_hex(hash.finish());
  return written;
}

// Writes `files` with all threads; the results are in the order of `files`.
Result<std::vector<Written>> write_all_planned(const Request& request,
                                               const std::vector<PlannedFile>& files) {
  std::set<std::string> folders;
  for (const PlannedFile& file : files) folders.insert(file.path.substr(0, file.path.rfind('/')));
  for (const std::string& folder : folders) {
    TRY(make_folders(request.folder + "/" + folder, 0755));
  }
  std::vector<Written> written(files.size());
  std::atomic<std::size_t> next{0};
  TaskGroup group;
  for (unsigned i = 0; i < request.threads; ++i) {
    group.run([&](std::stop_token stop) -> Result<void> {
      for (std::size_t at = next++; at < files.size() && !stop.stop_requested(); at = next++) {
        written[at] = TRY(write_planned(request.folder, files[at]));
      }
      return {};
    });
  }
  TRY(group.wait());
  return written;
}

nlohmann::ordered_json report(const Request& request, const std::vector<PlannedFile>& files,
                              const std::vector<Written>& written) {
  Sha256Stream digest;
  std::uint64_t total = 0;
  std::map<Part, std::pair<std::uint64_t, std::uint64_t>> parts;
  for (std::size_t i = 0; i < files.size(); ++i) {
    digest.update(
        as_bytes(fmt::format("{} {} {}\n", files[i].path, written[i].size_bytes, written[i].hash)));
    total += written[i].size_bytes;
    parts[files[i].part].first += 1;
    parts[files[i].part].second += written[i].size_bytes;
  }
  nlohmann::ordered_json json;
  json["seed"] = request.seed;
  json["files"] = files.size();
  json["bytes"] = total;
  for (const Part part : kParts) {
    json["parts"][std::string(name(part))] = {{"files", parts[part].first},
                                              {"bytes", parts[part].second}};
  }
  json["digest"] = to_hex(digest.finish());
  return json;
}

bool is_empty_folder(const std::string& path) {
  std::error_code ignored;
  return !std::filesystem::exists(path, ignored) || std::filesystem::is_empty(path, ignored);
}

Result<nlohmann::ordered_json> generate(const Request& request) {
  if (!is_empty_folder(request.folder)) {
    return error(Code::Conflict, "{} is not empty; name a new folder", request.folder);
  }
  const std::vector<PlannedFile> tree = plan_tree(request.bytes, request.seed);
  const std::vector<Written> written = TRY(write_all_planned(request, tree));
  return report(request, tree, written);
}

Result<nlohmann::ordered_json> mutate(const Request& request) {
  const std::vector<PlannedFile> tree = plan_tree(request.bytes, request.seed);
  std::map<std::string, PlannedFile> before;
  for (const PlannedFile& file : tree) before.emplace(file.path, file);

  std::vector<PlannedFile> files;
  std::uint64_t removed = 0;
  for (const PlannedChange& change : plan_changes(tree, request.mutate_percent, request.seed)) {
    const std::string to = change.to ? change.to->path : "";
    const std::string& going = request.revert ? to : change.from;
    const std::string& staying = request.revert ? change.from : to;
    if (!going.empty() && going != staying) {
      const std::string path = request.folder + "/" + going;
      if (::unlink(path.c_str()) != 0) return errno_error(errno, "remove", path);
      ++removed;
    }
    if (!staying.empty()) files.push_back(request.revert ? before.at(staying) : *change.to);
  }
  const std::vector<Written> written = TRY(write_all_planned(request, files));
  nlohmann::ordered_json json = report(request, files, written);
  json["removed"] = removed;
  return json;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  firebreak::Request request;
  request.threads = std::max(1U, std::thread::hardware_concurrency());
  CLI::App app(
      "Writes a seeded tree of files: photos, text, small and large files, duplicates.\n"
      "Example: firebreak-generate --bytes 2G --seed 1 /dev/shm/tree");
  app.add_option("--bytes", request.bytes, "size of the tree, as 64M or 2G")
      ->required()
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--seed", request.seed, "equal seeds give equal trees")->capture_default_str();
  const auto* mutate = app.add_option("--mutate", request.mutate_percent,
                                      "change files with this percentage of the bytes, in a tree "
                                      "made with the same --bytes and --seed")
                           ->check(CLI::Range(0.0, 100.0));
  app.add_flag("--revert", request.revert, "take the change of --mutate back")->needs("--mutate");
  app.add_option("--threads", request.threads, "writing threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("DIR", request.folder, "the folder; new or empty without --mutate")->required();
  CLI11_PARSE(app, argc, argv);

  const auto result =
      mutate->count() > 0 ? firebreak::mutate(request) : firebreak::generate(request);
  if (!result.ok()) {
    fmt::print(stderr, "firebreak-generate: {}\n", result.error().message());
    return 1;
  }
  fmt::print("{}\n", result.value().dump());
  return 0;
}
