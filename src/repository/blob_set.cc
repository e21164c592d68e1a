#include "repository/blob_set.h"

#include <bit>

namespace firebreak {
namespace {

std::size_t words_for(const std::vector<IndexTable>& tables) {
  std::size_t rows = 0;
  for (const IndexTable& table : tables) rows += table.rows().size();
  return (rows + 63) / 64;
}

}  // namespace

BlobSet::BlobSet(std::vector<IndexTable> tables)
    : tables_(std::move(tables)),
      bits_(words_for(tables_)),
      missing_(std::make_unique<Missing>()) {}

std::optional<std::size_t> BlobSet::row_of(BlobType type, const BlobId& id) const {
  std::size_t before = 0;
  for (const IndexTable& table : tables_) {
    const auto rows = table.rows();
    const auto found = table.find(type, id);
    if (!found.empty()) return before + static_cast<std::size_t>(found.data() - rows.data());
    before += rows.size();
  }
  return std::nullopt;
}

bool BlobSet::insert(BlobType type, const BlobId& id) {
  const std::optional<std::size_t> row = row_of(type, id);
  if (!row) {
    const MutexLock lock(missing_->mutex);
    return missing_->blobs.insert({type, id}).second;
  }
  const std::uint64_t bit = std::uint64_t{1} << *row % 64;
  return (bits_[*row / 64].fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
}

bool BlobSet::contains(BlobType type, const BlobId& id) const {
  const std::optional<std::size_t> row = row_of(type, id);
  if (row) return (bits_[*row / 64].load(std::memory_order_relaxed) >> *row % 64 & 1) != 0;
  const MutexLock lock(missing_->mutex);
  return missing_->blobs.contains({type, id});
}

std::size_t BlobSet::size() const {
  std::size_t count = 0;
  for (const std::atomic<std::uint64_t>& word : bits_) {
    count += static_cast<std::size_t>(std::popcount(word.load(std::memory_order_relaxed)));
  }
  const MutexLock lock(missing_->mutex);
  return count + missing_->blobs.size();
}

std::vector<BlobKey> BlobSet::missing() const {
  const MutexLock lock(missing_->mutex);
  return {missing_->blobs.begin(), missing_->blobs.end()};
}

}  // namespace firebreak
