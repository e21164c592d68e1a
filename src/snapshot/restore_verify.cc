#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "base/work_stack.h"
#include "crypto/sha256.h"
#include "snapshot/file_metadata.h"
#include "snapshot/restore.h"
#include "snapshot/target_folder.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

constexpr std::size_t kFilesPerBatch = 4096;
constexpr std::size_t kReadSize = 1024 * 1024;

Error differs(std::string_view what) {
  return error(Code::Corrupt, "differs from the snapshot: {}", what);
}

class RestoreVerifier {
 public:
  RestoreVerifier(const Repository& repository, TargetFolder target, const RestoreOptions& options,
                  RestoreProgress& progress)
      : repository_(repository),
        target_(std::move(target)),
        options_(options),
        progress_(progress) {}

  Result<void> run(const BlobId& root, std::stop_token stop);

 private:
  Result<void> flush(std::stop_token stop);
  Result<void> compare(const std::string& below, const Node& node, std::stop_token stop);
  Result<void> compare_file(const std::string& below, const Node& node, std::stop_token stop);
  void report(const std::string& path, const Error& problem);

  const Repository& repository_;
  const TargetFolder target_;
  const RestoreOptions& options_;
  RestoreProgress& progress_;
  std::vector<std::pair<std::string, Node>> batch_;
};

Result<void> RestoreVerifier::run(const BlobId& root, std::stop_token stop) {
  TreeVisitor visitor;
  visitor.entry = [&](const std::string& path, const Node& node) -> Result<bool> {
    const Selection wanted = options_.select ? options_.select(path, node) : Selection{};
    if (wanted.restore) batch_.emplace_back(path.substr(1), node);
    if (batch_.size() >= kFilesPerBatch) TRY(flush(stop));
    return wanted.restore || wanted.descend;
  };
  visitor.unreadable = [&](const std::string& path, const Error& problem) -> Result<void> {
    report(path.empty() ? "/" : path, problem);
    return {};
  };
  TRY(walk_tree(repository_, root, visitor, stop));
  return flush(stop);
}

Result<void> RestoreVerifier::flush(std::stop_token stop) {
  WorkStack work;
  for (const auto& entry : batch_) {
    work.push([this, &entry](std::stop_token stopped) -> Result<void> {
      Result<void> same = compare(entry.first, entry.second, stopped);
      if (same.ok()) return {};
      if (same.error().code() == Code::Canceled) return same;
      report("/" + entry.first, same.error());
      return {};
    });
  }
  TRY(work.run(options_.workers, stop));
  batch_.clear();
  return {};
}

Result<void> RestoreVerifier::compare(const std::string& below, const Node& node,
                                      std::stop_token stop) {
  const struct stat status = TRY(target_.stat_below(below));
  if ((status.st_mode & S_IFMT) != (stat_mode(node.mode) & S_IFMT)) return differs("its type");
  if (node.type == NodeType::Dir) {
    ++progress_.folders;
    return {};
  }
  ++progress_.files;
  if (node.type == NodeType::File) return compare_file(below, node, stop);
  if (node.type == NodeType::Symlink) {
    const Fd parent = TRY(target_.open_parent(below));
    const std::string link =
        TRY(read_link(parent.get(), last_component(below), target_.path_of(below)));
    if (link != node.link_target) return differs("where the link leads");
  }
  return {};
}

Result<void> RestoreVerifier::compare_file(const std::string& below, const Node& node,
                                           std::stop_token stop) {
  thread_local Bytes buffer;
  const Fd fd = TRY(target_.open_below(below, O_RDONLY | O_NONBLOCK));
  std::uint64_t offset = 0;
  for (const BlobId& id : node.content.value_or(std::vector<BlobId>())) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    const std::vector<BlobPlace> places = repository_.index().find(BlobType::Data, id);
    if (places.empty()) return error(Code::NotFound, "blob {} is in no index", id.brief());
    // What the index says of a blob's size may be a lie: as in reading, it takes no memory.
    const std::uint64_t size = places.front().entry.size();
    if (size > kBlobSizeMax) return error(Code::Corrupt, "blob {} has {} bytes", id.brief(), size);
    Sha256Stream digest;
    for (std::uint64_t left = size; left > 0;) {
      const std::size_t part = std::min<std::uint64_t>(left, kReadSize);
      buffer.resize(part);
      const std::size_t got = TRY(read_up_to(fd.get(), buffer));
      if (got < part) return differs(fmt::format("it ends at byte {}", offset + size - left + got));
      digest.update(buffer);
      left -= part;
    }
    if (BlobId::from(digest.finish()) != id) {
      return differs(fmt::format("the bytes from {} on", offset));
    }
    offset += size;
    progress_.bytes += size;
  }
  std::byte more{};
  const std::size_t extra = TRY(read_up_to(fd.get(), std::span(&more, 1)));
  if (extra != 0) return differs(fmt::format("it goes on after byte {}", offset));
  return {};
}

void RestoreVerifier::report(const std::string& path, const Error& problem) {
  ++progress_.errors;
  if (options_.on_error) options_.on_error(path, problem);
}

}  // namespace

Result<void> verify_restored(const Repository& repository, const BlobId& root,
                             const RestoreOptions& options, RestoreProgress& progress,
                             std::stop_token stop) {
  TargetFolder target = TRY(TargetFolder::look(options.target));
  RestoreVerifier verifier(repository, std::move(target), options, progress);
  return verifier.run(root, stop);
}

}  // namespace firebreak
