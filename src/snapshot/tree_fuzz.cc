// A tree that parses and has no problem is encoded and parsed again as the same tree, and its bytes
// are then canonical.
#include "snapshot/tree.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Tree> tree = parse_tree(to_bytes({reinterpret_cast<const char*>(data), size}));
  if (!tree.ok()) {
    CHECK(failed_with(tree, Code::Corrupt));
    return 0;
  }
  if (!tree_problem(*tree).empty()) return 0;
  for (const Node& node : tree->nodes) CHECK(is_safe_name(node.name));
  const Result<std::string> encoded = encode_tree(*tree);
  CHECK(encoded.ok());
  const Result<Tree> again = parse_tree(to_bytes(*encoded));
  CHECK(again.ok());
  const Result<std::string> encoded_again = encode_tree(*again);
  CHECK(encoded_again.ok() && *encoded_again == *encoded);
  CHECK(again->nodes.size() == tree->nodes.size());
  for (const Node& node : again->nodes) {
    const Node* const found = tree->find(node.name);
    CHECK(found != nullptr && found->content == node.content && found->subtree == node.subtree);
    CHECK(found->size == node.size && found->mode == node.mode && found->type == node.type);
    CHECK(found->link_target == node.link_target);
  }
  return 0;
}

}  // namespace firebreak
