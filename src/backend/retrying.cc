#include "backend/retrying.h"

#include <algorithm>
#include <array>

#include "base/mutex.h"
#include "base/text.h"

namespace firebreak {
namespace {

// How often one save is sent again because its outcome stayed unknown and the file is not there.
constexpr unsigned kUnknownSavesMax = 4;

// The names that a listing handed out in earlier tries, at 32 bytes each.
class NamesHeard {
 public:
  void start_try() {
    std::sort(names_.begin(), names_.end());
    earlier_ = names_.size();
  }
  // False when an earlier try handed it out.
  bool add(std::string_view name) {
    Name packed{};  // of `config`, which has none, too
    const Result<Bytes> digits = from_hex(name);
    if (digits.ok() && digits->size() == packed.size()) {
      std::copy(digits->begin(), digits->end(), packed.begin());
    }
    const auto end = names_.begin() + static_cast<std::ptrdiff_t>(earlier_);
    if (std::binary_search(names_.begin(), end, packed)) return false;
    names_.push_back(packed);
    return true;
  }

 private:
  using Name = std::array<std::byte, 32>;
  std::vector<Name> names_;  // sorted up to earlier_
  std::size_t earlier_ = 0;
};

class RetryingBackend final : public Backend {
 public:
  RetryingBackend(std::unique_ptr<Backend> inner, RetryPolicy policy, Clock& clock,
                  std::uint64_t seed)
      : inner_(std::move(inner)), policy_(policy), clock_(clock), seeds_(seed) {}

  std::string location() const override { return inner_->location(); }
  unsigned connections() const override { return inner_->connections(); }
  Result<void> create(std::stop_token stop) override;
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override;
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override;
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override;
  Result<void> remove(const FileName& file, std::stop_token stop) override;

 private:
  Tries tries() {
    const MutexLock lock(mutex_);
    return Tries(policy_, clock_, seeds_.next());
  }
  // Conflict where the file holds other bytes, NotFound where there is none.
  Result<void> expect_content(const FileName& file, ByteView bytes, std::stop_token stop);

  std::unique_ptr<Backend> inner_;
  RetryPolicy policy_;
  Clock& clock_;
  Mutex mutex_;
  Random seeds_ GUARDED_BY(mutex_);
};

Result<void> RetryingBackend::create(std::stop_token stop) {
  Tries tries = this->tries();
  while (true) {
    Result<void> created = inner_->create(stop);
    // Creating twice does no harm.
    if (!failed_with(created, Code::Unavailable) && !failed_with(created, Code::UnknownOutcome)) {
      return created;
    }
    TRY(tries.wait_after(std::move(created).error(), stop));
  }
}

Result<void> RetryingBackend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  Tries tries = this->tries();
  unsigned unknown = 0;
  while (true) {
    Result<void> saved = inner_->save(file, bytes, stop);
    if (failed_with(saved, Code::Conflict) && !tries.is_first()) {
      return expect_content(file, bytes, stop).context("an earlier try may have saved it");
    }
    if (failed_with(saved, Code::UnknownOutcome)) {
      Result<void> found = expect_content(file, bytes, stop);
      if (found.ok() || failed_with(found, Code::Conflict)) return found;
      if (!failed_with(found, Code::NotFound) || ++unknown > kUnknownSavesMax) {
        return std::move(saved).context("{}", found.error().message());
      }
    } else if (!failed_with(saved, Code::Unavailable)) {
      return saved;
    }
    TRY(tries.wait_after(std::move(saved).error(), stop));
  }
}

Result<Bytes> RetryingBackend::load(const FileName& file, Range range, Bytes buffer,
                                    std::stop_token stop) {
  Tries tries = this->tries();
  while (true) {
    Result<Bytes> loaded = inner_->load(file, range, std::move(buffer), stop);
    if (!failed_with(loaded, Code::Unavailable)) return loaded;
    TRY(tries.wait_after(std::move(loaded).error(), stop));
    buffer = {};
  }
}

Result<FileInfo> RetryingBackend::stat(const FileName& file, std::stop_token stop) {
  Tries tries = this->tries();
  while (true) {
    Result<FileInfo> found = inner_->stat(file, stop);
    if (!failed_with(found, Code::Unavailable)) return found;
    TRY(tries.wait_after(std::move(found).error(), stop));
  }
}

Result<void> RetryingBackend::list(FileType type, const EachFile& each, std::stop_token stop) {
  Tries tries = this->tries();
  NamesHeard heard;
  bool refused = false;  // by the listener, whose errors are not the store's
  const auto once = [&](const FileInfo& file) -> Result<void> {
    if (!heard.add(file.name)) return {};
    Result<void> taken = each(file);
    refused = !taken.ok();
    return taken;
  };
  while (true) {
    heard.start_try();
    Result<void> listed = inner_->list(type, once, stop);
    if (!failed_with(listed, Code::Unavailable) || refused) return listed;
    TRY(tries.wait_after(std::move(listed).error(), stop));
  }
}

Result<std::vector<Stray>> RetryingBackend::find_strays(std::stop_token stop) {
  Tries tries = this->tries();
  while (true) {
    Result<std::vector<Stray>> found = inner_->find_strays(stop);
    if (!failed_with(found, Code::Unavailable)) return found;
    TRY(tries.wait_after(std::move(found).error(), stop));
  }
}

Result<void> RetryingBackend::remove(const FileName& file, std::stop_token stop) {
  Tries tries = this->tries();
  while (true) {
    Result<void> removed = inner_->remove(file, stop);
    if (failed_with(removed, Code::NotFound) && !tries.is_first()) return {};
    // A name is never used for other bytes, so that removing twice does no harm.
    if (!failed_with(removed, Code::Unavailable) && !failed_with(removed, Code::UnknownOutcome)) {
      return removed;
    }
    TRY(tries.wait_after(std::move(removed).error(), stop));
  }
}

Result<void> RetryingBackend::expect_content(const FileName& file, ByteView bytes,
                                             std::stop_token stop) {
  const FileInfo found = TRY(stat(file, stop));
  if (found.size == bytes.size()) {
    const Bytes stored = TRY(load(file, {}, {}, stop));
    if (std::equal(stored.begin(), stored.end(), bytes.begin(), bytes.end())) return {};
  }
  return error(Code::Conflict, "{} exists with other bytes", to_string(file));
}

}  // namespace

std::unique_ptr<Backend> retrying(std::unique_ptr<Backend> inner, RetryPolicy policy, Clock& clock,
                                  std::uint64_t seed) {
  return std::make_unique<RetryingBackend>(std::move(inner), policy, clock, seed);
}

}  // namespace firebreak
