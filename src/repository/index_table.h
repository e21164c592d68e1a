// The index as external memory: immutable tables of fixed 48-byte rows sorted by blob id, mapped
// from files of the local cache. Whatever the repository's size, private memory stays small.
//
//   header | sources: 32-byte index file ids | packs: 32-byte ids and u64 sizes
//          | fan-out: 65,537 u32 | rows
//
// Rows with one blob id lie side by side, a row a pack that holds it. The fan-out gives the rows
// whose id begins with given 16 bits, so a lookup touches one or two pages. Format is private to
// this program and machine; a table of another version is thrown away and built anew.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "repository/index_file.h"

namespace firebreak {

struct IndexRow {
  BlobId id;
  std::uint32_t pack_and_type;  // ordinal of the pack in this table; top bit: tree
  std::uint32_t offset;
  std::uint32_t length;
  std::uint32_t uncompressed_length;

  BlobType type() const { return pack_and_type >> 31 != 0 ? BlobType::Tree : BlobType::Data; }
  std::uint32_t pack() const { return pack_and_type & 0x7fffffffU; }
  PackEntry entry() const { return {type(), id, offset, length, uncompressed_length}; }
};
static_assert(sizeof(IndexRow) == 48);

struct IndexPackRow {
  PackId id;
  std::uint64_t size;  // what the rows, header and trailer add up to
};
static_assert(sizeof(IndexPackRow) == 40);

// A handle: copies share the mapping.
class IndexTable {
 public:
  // Maps a finished table. Corrupt: not one of this version, or torn.
  static Result<IndexTable> open(const std::string& path);

  std::span<const IndexId> sources() const;
  std::span<const IndexPackRow> packs() const;
  std::span<const IndexRow> rows() const;
  // The rows of one blob; empty where there is none.
  std::span<const IndexRow> find(BlobType type, const BlobId& id) const;
  const std::string& path() const { return path_; }

 private:
  friend class IndexTableBuilder;
  IndexTable() = default;
  std::string path_;
  // Shared by the index, which grows, and by verbs that walk what it held when they began.
  std::shared_ptr<const std::byte> map_;
};

// Builds a table from packs in any order in bounded private memory: rows go to an unsorted scratch
// file, then straight to their buckets in the mapped result. add() and add_source() are
// thread-safe. Sorting the buckets takes all processors.
class IndexTableBuilder {
 public:
  // Writes to `path`, whose folder is made if missing, by way of temporary files beside it, which
  // end with this object. What the file system refuses is an error of Side::Cache.
  static Result<std::unique_ptr<IndexTableBuilder>> create(std::string path);
  ~IndexTableBuilder();

  void add_source(const IndexId& source);
  Result<void> add(const PackId& pack, const std::vector<PackEntry>& entries);
  Result<void> add(const IndexTable& table);
  Result<IndexTable> finish();

 private:
  struct State;
  explicit IndexTableBuilder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace firebreak
