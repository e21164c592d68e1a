#include "standby/rocksdb.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::size_t kCacheBytes = 64 << 20;
constexpr std::size_t kWriteBufferBytes = 32 << 20;
constexpr int kFilesOpenMax = 256;

}  // namespace

rocksdb::Options rocksdb_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kCacheBytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_open_files = kFilesOpenMax;
  options.compression = rocksdb::kZSTD;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

Result<std::unique_ptr<rocksdb::DB>> open_rocksdb(const rocksdb::Options& options,
                                                  const std::string& folder) {
  rocksdb::DB* db = nullptr;
  TRY(check(rocksdb::DB::Open(options, folder, &db), "open the overlay"));
  return std::unique_ptr<rocksdb::DB>(db);
}

Result<void> check(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return {};
  const Code code = status.IsCorruption() ? Code::Corrupt
                    : status.IsNoSpace()  ? Code::Exhausted
                                          : Code::Io;
  return error(code, "{}: {}", what, printable(status.ToString()));
}

std::string big_endian(std::uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift & 0xff));
  }
  return bytes;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace firebreak
