#include "backend/limiting.h"

#include "base/mutex.h"

namespace firebreak {
namespace {

// A number of places, each held for the time of one call.
class Places {
 public:
  explicit Places(unsigned count) : free_(count) { CHECK(count > 0); }

  // False when asked to stop before a place was free.
  bool take(std::stop_token stop) {
    const MutexLock lock(mutex_);
    while (free_ == 0) {
      if (stop.stop_requested()) return false;
      changed_.wait(mutex_, stop);
    }
    --free_;
    return true;
  }
  void give_back() {
    const MutexLock lock(mutex_);
    ++free_;
    changed_.notify_one();
  }

 private:
  Mutex mutex_;
  Condition changed_;
  unsigned free_ GUARDED_BY(mutex_);
};

// A place, or none, that goes back when the call ends.
class Place {
 public:
  explicit Place(Places* places) : places_(places) {}
  Place(Place&& other) noexcept : places_(std::exchange(other.places_, nullptr)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (places_ != nullptr) places_->give_back();
  }

 private:
  Places* places_;
};

// Bytes per second: each transfer is owed its time, and the next begins when that is over.
class Rate {
 public:
  Rate(std::uint64_t bytes_per_second, Clock& clock)
      : bytes_per_second_(bytes_per_second), clock_(clock) {}

  // False when asked to stop before the transfer's turn came.
  bool wait_turn(std::uint64_t bytes, std::stop_token stop) {
    if (bytes_per_second_ == 0) return true;
    const Nanoseconds wait = owe(bytes);
    return wait <= Nanoseconds{} || clock_.wait(wait, stop);
  }
  // The time to wait before this transfer, whose own time is added to what is owed.
  Nanoseconds owe(std::uint64_t bytes) {
    if (bytes_per_second_ == 0) return {};
    const Nanoseconds now = clock_.since_boot();
    const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
    const MutexLock lock(mutex_);
    const Nanoseconds start = std::max(now, free_at_);
    free_at_ = start + Nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
    return start - now;
  }

 private:
  const std::uint64_t bytes_per_second_;
  Clock& clock_;
  Mutex mutex_;
  Nanoseconds free_at_ GUARDED_BY(mutex_){};
};

class LimitingBackend final : public Backend {
 public:
  LimitingBackend(std::unique_ptr<Backend> inner, Limits limits, Clock& clock)
      : inner_(std::move(inner)),
        connections_(limits.connections > 0 ? limits.connections : inner_->connections()),
        places_(connections_),
        upload_(limits.upload_bytes_per_second, clock),
        download_(limits.download_bytes_per_second, clock) {}

  std::string location() const override { return inner_->location(); }
  unsigned connections() const override { return connections_; }
  Result<void> create(std::stop_token stop) override { return inner_->create(stop); }
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override;
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override {
    return inner_->list(type, each, stop);
  }
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override {
    return inner_->find_strays(stop);
  }
  Result<void> remove(const FileName& file, std::stop_token stop) override;

 private:
  Result<Place> take_place(const FileName& file, std::stop_token stop) {
    if (file.type == FileType::Lock) return Place(nullptr);
    if (places_.take(stop)) return Place(&places_);
    return error(Code::Canceled, "stopped before {}", to_string(file));
  }
  static Result<void> wait_turn(Rate& rate, std::uint64_t bytes, const FileName& file,
                                std::stop_token stop) {
    if (file.type == FileType::Lock || rate.wait_turn(bytes, stop)) return {};
    return error(Code::Canceled, "stopped before {}", to_string(file));
  }

  std::unique_ptr<Backend> inner_;
  const unsigned connections_;
  Places places_;
  Rate upload_;
  Rate download_;
};

Result<void> LimitingBackend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  const Place place = TRY(take_place(file, stop));
  TRY(wait_turn(upload_, bytes.size(), file, stop));
  return inner_->save(file, bytes, stop);
}

Result<Bytes> LimitingBackend::load(const FileName& file, Range range, Bytes buffer,
                                    std::stop_token stop) {
  const Place place = TRY(take_place(file, stop));
  TRY(wait_turn(download_, range.length.value_or(0), file, stop));
  Result<Bytes> loaded = inner_->load(file, range, std::move(buffer), stop);
  // Only now is it known how much the end of the file was.
  if (loaded.ok() && !range.length) download_.owe(loaded->size());
  return loaded;
}

Result<FileInfo> LimitingBackend::stat(const FileName& file, std::stop_token stop) {
  const Place place = TRY(take_place(file, stop));
  return inner_->stat(file, stop);
}

Result<void> LimitingBackend::remove(const FileName& file, std::stop_token stop) {
  const Place place = TRY(take_place(file, stop));
  return inner_->remove(file, stop);
}

}  // namespace

std::unique_ptr<Backend> limiting(std::unique_ptr<Backend> inner, Limits limits, Clock& clock) {
  return std::make_unique<LimitingBackend>(std::move(inner), limits, clock);
}

}  // namespace firebreak
