// firebreak-many-blobs: makes a repository of very many small blobs that any restic client
// checks: random blobs in real packs, named by the files of one snapshot. For measuring what an
// index of that size costs. Equal seeds give equal blobs. Takes no lock: the repository is new.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <thread>

#include "backend/local.h"
#include "base/random.h"
#include "base/task_group.h"
#include "content.h"
#include "repository/blob_saver.h"
#include "snapshot/snapshot.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

constexpr std::uint64_t kBlobsPerFile = 1000;
constexpr std::uint64_t kFilesPerFolder = 50;
constexpr std::uint64_t kBlobsPerFolder = kBlobsPerFile * kFilesPerFolder;

struct Request {
  std::string folder;
  std::string password_file;
  std::uint64_t blobs = 0;
  std::uint64_t seed = 1;
  std::size_t blob_size = 24;
  std::size_t pack_size = 64 * 1024;
};

Node file_node(const std::string& name, std::uint64_t size, std::vector<BlobId> content) {
  Node node;
  node.name = name;
  node.type = NodeType::File;
  node.mode = 0644;
  node.size = size;
  node.links = 1;
  node.content = std::move(content);
  return node;
}

Node folder_node(const std::string& name, const BlobId& subtree) {
  Node node;
  node.name = name;
  node.type = NodeType::Dir;
  node.mode = go_mode(S_IFDIR | 0755);
  node.links = 1;
  node.subtree = subtree;
  return node;
}

// Blobs [first, end) as the files of one folder.
Result<BlobId> save_folder(BlobSaver& saver, const Request& request, std::uint64_t first,
                           std::uint64_t end) {
  Bytes blob(request.blob_size);
  TreeEncoder tree;
  for (std::uint64_t at = first; at < end;) {
    const std::uint64_t start = at;
    std::vector<BlobId> content;
    for (; at < end && content.size() < kBlobsPerFile; ++at) {
      Random(mixed_seed(request.seed, at)).fill(blob);
      const SavedBlob saved = TRY(saver.save(BlobType::Data, blob));
      content.push_back(saved.id);
    }
    const std::uint64_t size = content.size() * request.blob_size;
    TRY(tree.add(file_node(fmt::format("{:012}", start), size, std::move(content))));
  }
  const std::string json = tree.finish();
  const SavedBlob saved = TRY(saver.save(BlobType::Tree, as_bytes(json)));
  return saved.id;
}

Result<BlobId> save_blobs(BlobSaver& saver, const Request& request) {
  std::vector<BlobId> folders((request.blobs + kBlobsPerFolder - 1) / kBlobsPerFolder);
  std::atomic<std::size_t> next = 0;
  TaskGroup group;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    group.run([&](std::stop_token stop) -> Result<void> {
      for (std::size_t at = next++; at < folders.size() && !stop.stop_requested(); at = next++) {
        const std::uint64_t first = at * kBlobsPerFolder;
        folders[at] = TRY(
            save_folder(saver, request, first, std::min(request.blobs, first + kBlobsPerFolder)));
      }
      return {};
    });
  }
  TRY(group.wait());
  TreeEncoder root;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    TRY(root.add(folder_node(fmt::format("{:06}", i), folders[i])));
  }
  const std::string json = root.finish();
  const SavedBlob saved = TRY(saver.save(BlobType::Tree, as_bytes(json)));
  return saved.id;
}

Result<void> make(const Request& request) {
  const Bytes text = TRY(read_file(request.password_file, 4096));
  std::string password = to_text(text);
  while (password.ends_with('\n')) password.pop_back();
  LocalBackend backend(request.folder);
  const Identity by{"bench", "bench"};
  TRY(Repository::init(backend, {password, by, {}, {}}, system_clock(), {}));
  const std::string cache = request.folder + ".cache";
  const auto repository = TRY(Repository::open(backend, password, "", cache, {}));
  TRY(repository->load_index(OnBroken::Fail, {}));
  BlobSaver::Options options;
  options.pack_size = request.pack_size;
  BlobSaver saver(*repository, options, {});
  Snapshot snapshot;
  snapshot.tree = TRY(save_blobs(saver, request));
  TRY(saver.finish());
  snapshot.time = FileTime::from(system_clock().now());
  snapshot.paths = {"/many"};
  snapshot.hostname = by.hostname;
  snapshot.username = by.username;
  const SnapshotId id = TRY(save_snapshot(*repository, snapshot, {}));
  std::error_code ignored;
  std::filesystem::remove_all(cache, ignored);
  fmt::print("{}\n", id);
  return {};
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  firebreak::Request request;
  CLI::App app(
      "Makes a new repository of many small random blobs and prints its snapshot's id.\n"
      "Example: firebreak-many-blobs --blobs 5000000 --password-file pw /dev/shm/many");
  app.add_option("--blobs", request.blobs, "how many data blobs")->required();
  app.add_option("--password-file", request.password_file, "file with the password")->required();
  app.add_option("--seed", request.seed, "equal seeds give equal blobs")->capture_default_str();
  app.add_option("--blob-size", request.blob_size, "bytes a blob")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  app.add_option("--pack-size", request.pack_size, "bytes a pack, about")->capture_default_str();
  app.add_option("REPOSITORY", request.folder, "the new repository's folder")->required();
  CLI11_PARSE(app, argc, argv);

  const auto result = firebreak::make(request);
  if (!result.ok()) {
    fmt::print(stderr, "firebreak-many-blobs: {}\n", result.error().message());
    return 1;
  }
  return 0;
}
