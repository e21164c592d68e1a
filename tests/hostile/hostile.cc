#include "hostile/hostile.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/xattr.h>

#include "base/file.h"
#include "crypto/sha256.h"
#include "snapshot/dump.h"
#include "snapshot/reachable.h"
#include "snapshot/repair.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

// A tar of a tree that refers to itself a thousand times ends here.
constexpr std::uint64_t kTarBytesMax = 64 * 1024 * 1024;

std::string describe_entry(const std::string& path, LinksOfFiles links) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return path + " is gone\n";
  std::string line =
      fmt::format("{} {} {:o} {}:{} {} {}.{}", path, status.st_ino, status.st_mode, status.st_uid,
                  status.st_gid, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  if (links == LinksOfFiles::Compared) {
    line +=
        fmt::format(" {} {}.{}", status.st_nlink, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  }
  char names[4096];
  const ssize_t size = llistxattr(path.c_str(), names, sizeof names);
  if (size > 0) line += " " + to_hex(as_bytes({names, static_cast<std::size_t>(size)}));
  if (S_ISLNK(status.st_mode)) line += " -> " + fs::read_symlink(path).string();
  if (S_ISREG(status.st_mode)) {
    const Result<Bytes> bytes = read_file(path, 1U << 26U);
    line += bytes.ok() ? " " + to_hex(sha256(*bytes)) : " unreadable";
  }
  return line + "\n";
}

std::uint64_t status_bytes(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field))
      return std::strtoull(line.c_str() + field.size(), nullptr, 10) << 10U;
  }
  return 0;
}

std::uint64_t bytes_at_reset = 0;

}  // namespace

std::string describe_folder(const std::string& folder, const std::string& left_out,
                            LinksOfFiles links) {
  std::string all;
  std::vector<fs::path> paths;
  for (auto entry = fs::recursive_directory_iterator(folder);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->path() == folder + "/" + left_out) {
      entry.disable_recursion_pending();
    } else {
      paths.push_back(entry->path());
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) all += describe_entry(path.string(), links);
  return all;
}

void reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
  bytes_at_reset = status_bytes("VmRSS:");
}

std::uint64_t peak_bytes() {
  const std::uint64_t peak = status_bytes("VmHWM:");
  return peak > bytes_at_reset ? peak - bytes_at_reset : 0;
}

HostileTest::HostileTest()
    : folder_(testing::TempDir() + "hostile_test-" + std::to_string(getpid())) {
  fs::remove_all(folder_);
  fs::create_directories(canary() + "/inside");
  std::ofstream(canary() + "/file") << "alive";
  std::ofstream(canary() + "/inside/file") << "alive, too";
  fs::create_symlink("file", canary() + "/link");
  CHECK(mkfifo((canary() + "/pipe").c_str(), 0640) == 0);
  reopen();
}

HostileTest::~HostileTest() {
  clear_target();
  fs::remove_all(folder_);
}

void HostileTest::clear_target() const {
  // Deeper than what std::filesystem takes apart.
  CHECK(std::system(("rm -rf '" + target() + "'").c_str()) == 0);
}

void HostileTest::reopen() {
  repository_ = made_.open_unindexed(backend_);
  CHECK(repository_->load_index(OnBroken::Fail, {}).ok());
}

BlobId HostileTest::save(BlobType type, std::string_view bytes) {
  BlobSaver saver(*repository_, {}, {});
  const BlobId id = saver.save(type, as_bytes(bytes)).value().id;
  CHECK(saver.finish().ok());
  return id;
}

BlobId HostileTest::save_tree(const std::vector<Node>& nodes) {
  std::string json = "{\"nodes\":[";
  for (const Node& node : nodes) {  // without the encoder's objections to order
    Tree one;
    one.nodes = {node};
    const std::string text = encode_tree(one).value();
    if (json.back() != '[') json += ',';
    json += std::string_view(text).substr(10, text.size() - 13);
  }
  return save(BlobType::Tree, json + "]}\n");
}

void HostileTest::expect_clean(const std::string& message) {
  const bool clean = std::none_of(message.begin(), message.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  EXPECT_TRUE(clean) << to_hex(as_bytes(message.substr(0, 200)));
  EXPECT_EQ(message, printable(message));
}

RestoreOptions HostileTest::options() const {
  RestoreOptions made;
  made.target = target();
  return made;
}

std::vector<std::string> HostileTest::restore_to_target(const BlobId& root,
                                                        const RestoreOptions& how) {
  std::vector<std::string> messages;
  Mutex mutex;
  RestoreOptions with = how;
  with.on_error = [&](const std::string&, const Error& problem) {
    const MutexLock lock(mutex);
    messages.push_back(problem.message());
  };
  RestoreProgress progress;
  const Result<void> done = restore(*repository_, root, with, progress, {});
  if (!done.ok()) messages.push_back(done.error().message());
  for (const std::string& message : messages) expect_clean(message);
  return messages;
}

void HostileTest::expect_canary_alive(const std::string& before, LinksOfFiles links) const {
  EXPECT_EQ(before, describe_outside(links));
}

std::vector<std::string> HostileTest::exercise(const BlobId& root) {
  ++cells;
  const std::string before = describe_outside();
  clear_target();
  std::vector<std::string> messages = restore_to_target(root, options());
  const auto add = [&](const Result<void>& done) {
    if (done.ok()) return;
    messages.push_back(done.error().message());
    expect_clean(done.error().message());
  };
  RestoreOptions again = options();  // over itself
  again.overwrite = Overwrite::IfChanged;
  again.delete_extra = true;
  (void)restore_to_target(root, again);
  Mutex mutex;
  again.on_error = [&](const std::string&, const Error& problem) {
    const MutexLock lock(mutex);
    expect_clean(problem.message());
  };
  RestoreProgress progress;
  add(verify_restored(*repository_, root, again, progress, {}));
  std::uint64_t tar_bytes = 0;
  add(dump_tar(*repository_, root, "",
               [&](ByteView bytes) -> Result<void> {
                 tar_bytes += bytes.size();
                 if (tar_bytes > kTarBytesMax) return error(Code::Exhausted, "enough of it");
                 return {};
               },
               {}));
  std::set<BlobKey> seen;
  const ReachableVisitor visitor{
      [&](BlobType type, const BlobId& id) {
        const MutexLock lock(mutex);
        return seen.insert({type, id}).second;
      },
      [&](const std::string& path, const Error& problem) -> Result<void> {
        const MutexLock lock(mutex);
        expect_clean(path);
        expect_clean(problem.message());
        return {};
      }};
  add(visit_reachable(*repository_, {{"root", root}}, visitor, 2, {}));
  BlobSaver::Options dry;
  dry.dry_run = true;
  BlobSaver saver(*repository_, dry, {});
  SnapshotRepairer repairer(
      *repository_, saver, [](const std::string& path, const std::string&) { expect_clean(path); });
  const Result<BlobId> repaired = repairer.repair(root, {});
  if (!repaired.ok()) expect_clean(repaired.error().message());
  expect_canary_alive(before);
  return messages;
}

Node file_named(const std::string& name, const std::vector<BlobId>& content, std::uint64_t size) {
  Node node;
  node.name = name;
  node.mode = 0644;
  node.uid = getuid();
  node.gid = getgid();
  node.size = size;
  node.content = content;
  return node;
}

Node folder_named(const std::string& name, const BlobId& subtree) {
  Node node;
  node.name = name;
  node.type = NodeType::Dir;
  node.mode = go_mode(S_IFDIR | 0755);
  node.uid = getuid();
  node.gid = getgid();
  node.subtree = subtree;
  return node;
}

Node link_named(const std::string& name, const std::string& link_target) {
  Node node;
  node.name = name;
  node.type = NodeType::Symlink;
  node.mode = go_mode(S_IFLNK | 0777);
  node.link_target = link_target;
  return node;
}

}  // namespace firebreak
