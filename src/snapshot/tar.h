// The tar format of POSIX.1-2001 (pax), written as a stream. Everything that the old header cannot
// say, and times of nanoseconds, go into an extended header; extended attributes under the names
// that GNU tar and star read.
#pragma once

#include <functional>

#include "snapshot/node.h"

namespace firebreak {

class TarWriter {
 public:
  using Write = std::function<Result<void>(ByteView)>;
  explicit TarWriter(Write write) : write_(std::move(write)) {}

  // Begins an entry; `path` without a leading slash, a folder without a trailing one. A file's
  // `size` bytes must follow by content(). Sockets have no place in a tar and are Invalid.
  Result<void> begin(const std::string& path, const Node& node, std::uint64_t size);
  Result<void> content(ByteView bytes);
  // After the last entry.
  Result<void> finish();

 private:
  Result<void> pad();

  Write write_;
  std::uint64_t written_ = 0;  // of the current entry
  std::uint64_t size_ = 0;
};

}  // namespace firebreak
