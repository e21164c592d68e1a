// Content of a snapshot as a stream, without a target folder: one file's bytes, or a folder as tar.
#pragma once

#include <functional>

#include "repository/repository.h"
#include "snapshot/node.h"

namespace firebreak {

using Sink = std::function<Result<void>(ByteView)>;

// A file's bytes in order. Some blobs are fetched ahead, as many as the backend has connections.
// Stops with an error where one is lost: a stream cannot say what is missing.
Result<void> dump_file(const Repository& repository, const Node& file, const Sink& sink,
                       std::stop_token stop);

// Everything below the tree `root`, with paths relative to it and `prefix` before them, which is
// empty or ends in a slash. Sockets are passed over, as tar does. Stops with an error where
// anything is lost.
Result<void> dump_tar(const Repository& repository, const BlobId& root, const std::string& prefix,
                      const Sink& sink, std::stop_token stop);

}  // namespace firebreak
