#include "point/folder.h"

#include <algorithm>

#include "snapshot/tree.h"

namespace firebreak {
namespace {

constexpr std::size_t kChunkBytes = 1024 * 1024;
constexpr std::uint32_t kFileMode = 0644;
constexpr std::uint32_t kFolderMode = 1u << 31 | 0755;  // as Go writes it

}  // namespace

Node folder_node(std::string name, const BlobId& tree) {
  Node node;
  node.name = std::move(name);
  node.type = NodeType::Dir;
  node.mode = kFolderMode;
  node.subtree = tree;
  return node;
}

Node file_node(std::string name, std::uint64_t bytes, std::vector<BlobId> content) {
  Node node;
  node.name = std::move(name);
  node.mode = kFileMode;
  node.size = bytes;
  node.content = std::move(content);
  return node;
}

Result<Node> save_file(BlobSaver& saver, std::string name, ByteView bytes) {
  std::vector<BlobId> content;
  for (ByteView rest = bytes; !rest.empty();) {
    const ByteView chunk = rest.first(std::min(rest.size(), kChunkBytes));
    const SavedBlob saved = TRY(saver.save(BlobType::Data, chunk));
    content.push_back(saved.id);
    rest = rest.subspan(chunk.size());
  }
  return file_node(std::move(name), bytes.size(), std::move(content));
}

Result<BlobId> save_folder(BlobSaver& saver, std::vector<Node> nodes) {
  std::ranges::sort(nodes, {}, &Node::name);
  TreeEncoder tree;
  for (const Node& node : nodes) TRY(tree.add(node));
  const std::string json = tree.finish();
  const SavedBlob saved = TRY(saver.save(BlobType::Tree, as_bytes(json)));
  return saved.id;
}

}  // namespace firebreak
