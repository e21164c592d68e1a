#include "snapshot/dump.h"

#include "base/task_group.h"
#include "snapshot/tar.h"
#include "snapshot/walk.h"

namespace firebreak {
namespace {

Result<std::uint64_t> content_size(const Repository& repository, const Node& file) {
  std::uint64_t size = 0;
  for (const BlobId& id : file.content.value_or(std::vector<BlobId>())) {
    const std::vector<BlobPlace> places = repository.index().find(BlobType::Data, id);
    if (places.empty()) {
      return error(Code::NotFound, "blob {} is in no index; see: firebreak check", id.brief());
    }
    size += places.front().entry.size();
  }
  return size;
}

}  // namespace

Result<void> dump_file(const Repository& repository, const Node& file, const Sink& sink,
                       std::stop_token stop) {
  if (!file.content) return error(Code::Corrupt, "the snapshot has no content for it");
  const std::vector<BlobId>& content = *file.content;
  const std::size_t ahead = repository.backend().connections();
  std::vector<Bytes> window(ahead);
  for (std::size_t begin = 0; begin < content.size(); begin += ahead) {
    const std::size_t count = std::min(ahead, content.size() - begin);
    const auto load = [&](std::size_t i, std::stop_token stopped) -> Result<void> {
      window[i] = TRY(
          repository.load_blob(BlobType::Data, content[begin + i], std::move(window[i]), stopped));
      return {};
    };
    TRY(for_each_number(count, count, load, stop));
    for (std::size_t i = 0; i < count; ++i) TRY(sink(window[i]));
  }
  return {};
}

Result<void> dump_tar(const Repository& repository, const BlobId& root, const std::string& prefix,
                      const Sink& sink, std::stop_token stop) {
  TarWriter tar(sink);
  TreeVisitor visitor;
  visitor.entry = [&](const std::string& path, const Node& node) -> Result<bool> {
    if (node.type == NodeType::Socket) return false;
    const bool is_file = node.type == NodeType::File;
    const std::uint64_t size = TRY(is_file ? content_size(repository, node).context("{}", path)
                                           : Result<std::uint64_t>(std::uint64_t{0}));
    TRY(tar.begin(prefix + path.substr(1), node, size));
    if (is_file) {
      TRY(dump_file(
              repository, node, [&](ByteView bytes) { return tar.content(bytes); }, stop)
              .context("{}", path));
    }
    return true;
  };
  TRY(walk_tree(repository, root, visitor, stop));
  return tar.finish();
}

}  // namespace firebreak
