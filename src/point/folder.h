// Folders and files that are written for the layout's sake: without times and owners, so that equal
// content makes equal trees (docs/formats/key-tree.md, "Nodes").
#pragma once

#include <string>
#include <vector>

#include "repository/blob_saver.h"
#include "snapshot/node.h"

namespace firebreak {

Node folder_node(std::string name, const BlobId& tree);
Node file_node(std::string name, std::uint64_t bytes, std::vector<BlobId> content);

// Saves a file of any size in blobs of 1 MiB.
Result<Node> save_file(BlobSaver& saver, std::string name, ByteView bytes);
// In any order of names.
Result<BlobId> save_folder(BlobSaver& saver, std::vector<Node> nodes);

}  // namespace firebreak
