// What everything that keeps itself in RocksDB does alike: how it is opened, its errors as ours,
// its slices as views, numbers as keys that sort as they count.
#pragma once

#include <memory>
#include <rocksdb/db.h>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// For a stand-in: memory and open files bounded, compressed.
rocksdb::Options rocksdb_options();
// Makes the folder where there is none. Io where it is in use or cannot be read.
Result<std::unique_ptr<rocksdb::DB>> open_rocksdb(const rocksdb::Options& options,
                                                  const std::string& folder);

// Corrupt, Exhausted for a full disk, Io for all else.
Result<void> check(const rocksdb::Status& status, std::string_view what);

inline rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
inline rocksdb::Slice slice(ByteView bytes) {
  return slice(as_text(bytes));
}
inline std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// Eight bytes.
std::string big_endian(std::uint64_t number);
std::uint64_t from_big_endian(std::string_view bytes);

}  // namespace firebreak
