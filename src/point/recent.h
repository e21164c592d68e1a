// What was loaded last of a repository, by the id of its blob, up to some memory.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>

#include "base/id.h"
#include "base/mutex.h"

namespace firebreak {

// Thread-safe.
template <typename T>
class Recent {
 public:
  explicit Recent(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Null where it is not kept.
  std::shared_ptr<const T> find(const BlobId& id) {
    const MutexLock lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return found->second->value;
  }
  // `bytes`: what it takes, about. The newest is kept however large it is.
  void keep(const BlobId& id, std::shared_ptr<const T> value, std::size_t bytes) {
    const MutexLock lock(mutex_);
    if (by_id_.contains(id)) return;
    newest_first_.push_front({id, std::move(value), bytes});
    by_id_[id] = newest_first_.begin();
    bytes_ += bytes;
    while (bytes_ > bytes_max_ && newest_first_.size() > 1) {
      bytes_ -= newest_first_.back().bytes;
      by_id_.erase(newest_first_.back().id);
      newest_first_.pop_back();
    }
  }

 private:
  struct Kept {
    BlobId id;
    std::shared_ptr<const T> value;
    std::size_t bytes;
  };

  const std::size_t bytes_max_;
  Mutex mutex_;
  std::list<Kept> newest_first_ GUARDED_BY(mutex_);
  std::unordered_map<BlobId, typename std::list<Kept>::iterator> by_id_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace firebreak
