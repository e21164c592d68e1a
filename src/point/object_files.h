// Finds an object's file in a point (docs/formats/objects.md).
#pragma once

#include "repository/repository.h"
#include "snapshot/node.h"

namespace firebreak {

// `objects`: the folder of files. NotFound where there is none of that name. Some trees a folder.
Result<Node> find_object_file(const Repository& repository, const BlobId& objects,
                              const std::string& name, std::stop_token stop);

}  // namespace firebreak
