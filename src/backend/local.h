// A repository in a folder, laid out as restic's (packs at data/<first two digits>/<id>).
//
// A file becomes visible whole and durable: written under a temporary name in `firebreak-tmp/`
// (a folder that no tool lists), fsynced, given its name only if that is free, and the folder
// fsynced. What a crash leaves in the temporary folder is removed by whoever writes a day later.
#pragma once

#include <mutex>
#include <sys/stat.h>

#include "backend/backend.h"

namespace firebreak {

class LocalBackend final : public Backend {
 public:
  // `path` need not exist before create().
  explicit LocalBackend(std::string path);

  std::string location() const override { return path_; }
  unsigned connections() const override { return 2; }
  Result<void> create(std::stop_token stop) override;
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override;
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override;
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override;
  Result<void> remove(const FileName& file, std::stop_token stop) override;

 private:
  std::string folder_path(const FileName& file) const;
  std::string path_of(const FileName& file) const;
  // Calls for everything named like a file, whatever it is. `folder` is below the place.
  using EachEntry = std::function<Result<void>(const std::string& name, const struct stat& status)>;
  Result<void> read_folder(const std::string& folder, const EachEntry& each,
                           std::stop_token stop) const;

  std::string path_;
  std::once_flag swept_;  // of what killed writers left
};

}  // namespace firebreak
