// Reads a whole pack and verifies every byte of it: both hashes, every MAC, and the header.
#pragma once

#include "repository/check.h"

namespace firebreak {

// One for each worker: its buffers are reused from pack to pack.
class PackCheck {
 public:
  // Holds at most about `window` bytes of a pack, or its largest blob.
  PackCheck(const Repository& repository, std::size_t window)
      : repository_(repository), window_(window) {}

  // `indexed` in file order. What is found wrong is read a second time before it is believed.
  // The only error is Canceled.
  Result<std::vector<Finding>> check(const PackId& pack, std::uint64_t size,
                                     const std::vector<PackEntry>& indexed, std::stop_token stop);

 private:
  Result<void> read(const PackId& pack, std::uint64_t size, const std::vector<PackEntry>& indexed,
                    std::vector<Finding>& findings, std::stop_token stop);
  void open_blobs(const PackId& pack, std::span<const PackEntry> entries, std::uint64_t from,
                  std::vector<Finding>& findings);

  const Repository& repository_;
  const std::size_t window_;
  Bytes part_;
  Bytes plain_;
};

// What a server lists by name alone, wherever on its disk it lies.
Finding listed_and_not_found(const PackId& pack);

// The header of a pack that lies in `repository`, from its tail: one or two reads.
Result<std::vector<PackEntry>> load_pack_header(const Repository& repository, const PackId& pack,
                                                std::uint64_t size, std::stop_token stop);

}  // namespace firebreak
