// Trees: the sorted entries of one folder as canonical JSON, byte for byte what restic writes
// (restic design.rst, "Trees and Data"; fields in the order of restic's data.Node).
#pragma once

#include <string>
#include <vector>

#include "snapshot/node.h"

namespace firebreak {

struct Tree {
  std::vector<Node> nodes;  // strictly ascending by the bytes of their names

  // Nothing where there is none. Binary search.
  const Node* find(std::string_view name) const;
};

// Builds a tree's bytes node by node, so that a large folder is never held as nodes.
class TreeEncoder {
 public:
  TreeEncoder() : json_("{\"nodes\":[") {}

  // Invalid unless the name comes after that of the node before.
  Result<void> add(const Node& node);
  // The blob; nothing may be added any more.
  std::string finish();

 private:
  std::string json_;
  std::string last_name_;
  bool empty_ = true;
};

// The blob of a whole tree. Invalid where names are not in order.
Result<std::string> encode_tree(const Tree& tree);

// Corrupt names what is wrong. Unknown fields are passed over; order and names are the
// repository's word and not checked here: see tree_problem(). `json` is grown for the parser's
// padding.
Result<Tree> parse_tree(Bytes json);

// What a reader must not rely on: a name out of order, twice, or unsafe, a folder without subtree,
// a file without content. Empty where all is well.
std::string tree_problem(const Tree& tree);

}  // namespace firebreak
