// A set of blobs that an index names: one bit a row of its tables, so that 5 million blobs take
// less than 1 MiB, and whatever else was inserted one by one. Of the rows of one blob the first
// stands for it. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/mutex.h"
#include "repository/index_table.h"

namespace firebreak {

struct BlobKey {
  BlobType type = BlobType::Data;
  BlobId id;
  auto operator<=>(const BlobKey&) const = default;
};

class BlobSet {
 public:
  // Empty, over Index::tables().
  explicit BlobSet(std::vector<IndexTable> tables);

  // True for the first caller with this blob. Costs a binary search.
  bool insert(BlobType type, const BlobId& id);
  bool contains(BlobType type, const BlobId& id) const;
  std::size_t size() const;  // counts every bit

  // Those inserted that are in no table, sorted.
  std::vector<BlobKey> missing() const;

 private:
  struct Missing {
    Mutex mutex;
    std::set<BlobKey> blobs GUARDED_BY(mutex);
  };
  std::optional<std::size_t> row_of(BlobType type, const BlobId& id) const;

  std::vector<IndexTable> tables_;
  std::vector<std::atomic<std::uint64_t>> bits_;  // rows of the first table first
  std::unique_ptr<Missing> missing_;
};

}  // namespace firebreak
