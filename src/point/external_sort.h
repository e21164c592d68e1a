// Sorts more than fits in memory: what is added is sorted in parts that go to a file, and the parts
// are merged while they are read. The file has no name and is encrypted, so that nothing is left of
// it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "crypto/scratch_cipher.h"

namespace firebreak {

// Not thread-safe. Memory: `memory_max`, and 64 KiB for every part while merging.
class ExternalSort {
 public:
  explicit ExternalSort(std::string folder, std::size_t memory_max = 32 << 20)
      : folder_(std::move(folder)), memory_max_(memory_max) {}

  // The errors of the folder's file.
  Result<void> add(std::string_view key, ByteView value);

  // Calls `each` in the order of keys' bytes, equal keys in any; its error ends it. Nothing may be
  // added any more.
  using Each = std::function<Result<void>(std::string_view key, ByteView value)>;
  Result<void> finish(const Each& each);

 private:
  struct Entry {
    std::size_t at;  // of the key in buffer_, the value behind it
    std::uint32_t key_bytes;
    std::uint32_t value_bytes;
  };
  struct Part {
    std::uint64_t begin;
    std::uint64_t end;
  };
  class PartReader;

  std::string_view key(const Entry& entry) const;
  ByteView value(const Entry& entry) const;
  void sort_buffer();
  Result<void> spill();
  Result<void> open_file();

  const std::string folder_;
  const std::size_t memory_max_;
  Bytes buffer_;
  std::vector<Entry> entries_;
  const ScratchCipher cipher_;
  Fd file_;
  std::uint64_t file_bytes_ = 0;
  std::vector<Part> parts_;
};

}  // namespace firebreak
