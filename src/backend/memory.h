// A repository in memory: the fastest real backend, and the model of the others.
#pragma once

#include <map>

#include "backend/backend.h"
#include "base/mutex.h"

namespace firebreak {

class MemoryBackend final : public Backend {
 public:
  std::string location() const override { return "memory"; }
  unsigned connections() const override { return 2; }
  Result<void> create(std::stop_token stop) override;
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override;
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override;
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override;
  Result<void> remove(const FileName& file, std::stop_token stop) override;

  // Everything it holds, for tests that damage, compare or roll back a repository.
  std::map<FileName, Bytes> files() const;
  void set_files(std::map<FileName, Bytes> files);

 private:
  mutable Mutex mutex_;
  std::map<FileName, Bytes> files_ GUARDED_BY(mutex_);
};

}  // namespace firebreak
