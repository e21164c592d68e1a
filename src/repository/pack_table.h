// An index turned round: tables are sorted by blob, verbs that move or delete files go by pack.
// Costs 4 bytes a blob and 48 a pack; the rows stay in the mapped tables. Immutable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "repository/index_table.h"

namespace firebreak {

class PackTable {
 public:
  // Over Index::tables(). Packs are numbered in the order of their ids.
  explicit PackTable(std::vector<IndexTable> tables);

  std::size_t size() const { return packs_.size(); }
  const PackId& id(std::size_t pack) const { return packs_[pack].id; }
  // What the file must measure if its blobs are those of the index and nothing else.
  std::uint64_t file_size(std::size_t pack) const { return packs_[pack].file_size; }
  std::optional<std::size_t> find(const PackId& id) const;

  // Rows have numbers below row_count(); a row that several index files repeat shows once here.
  std::uint32_t row_count() const { return static_cast<std::uint32_t>(by_pack_.size()); }
  std::vector<std::uint32_t> rows(std::size_t pack) const;  // in file order
  const IndexRow& row(std::uint32_t number) const;
  std::size_t pack_of(std::uint32_t row) const;
  std::vector<PackEntry> entries(std::size_t pack) const;  // in file order

  // A place where a blob lies.
  struct Place {
    std::size_t pack;
    std::uint32_t row;
  };
  std::vector<Place> places(BlobType type, const BlobId& id) const;

 private:
  struct Pack {
    PackId id;
    std::uint64_t file_size;
    std::uint32_t begin;  // in by_pack_
    std::uint32_t end;
  };

  std::size_t table_of(std::uint32_t row) const;

  std::vector<IndexTable> tables_;
  std::vector<std::uint32_t> first_row_;             // of each table
  std::vector<std::vector<std::uint32_t>> pack_of_;  // by table and its own pack ordinal
  std::vector<Pack> packs_;
  std::vector<std::uint32_t> by_pack_;
};

// What is wrong with how the entries, sorted by offset, lie in a pack: an overlap or a gap.
// Empty: nothing, they follow each other from 0.
std::string layout_problem(const std::vector<PackEntry>& entries);

// The packs of a listing, sorted by id. A file that the index names and the listing left out is
// asked for by name: a listing is no evidence of absence.
struct ListedPack {
  PackId id;
  std::uint64_t size = 0;
};
using PackListing = std::vector<ListedPack>;
Result<PackListing> list_packs(Backend& backend, std::stop_token stop);
Result<void> add_unlisted(Backend& backend, const PackTable& packs, PackListing& listing,
                          std::stop_token stop);
const ListedPack* find_pack(const PackListing& listing, const PackId& id);

}  // namespace firebreak
