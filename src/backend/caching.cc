#include "backend/caching.h"

#include <atomic>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <unordered_set>

#include "base/file.h"
#include "base/random.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

using AnyFileId = Id<struct CachedFileTag>;

constexpr std::size_t kFileSizeMax = 256u << 20;  // larger index files are not kept
constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

bool is_kept(FileType type) {
  return type == FileType::Snapshot || type == FileType::Index;
}

bool has_name_of(ByteView bytes, const FileName& file) {
  return id_of<AnyFileId>(bytes).hex() == file.name;
}

class CachingBackend final : public Backend {
 public:
  CachingBackend(std::unique_ptr<Backend> inner, std::string folder)
      : inner_(std::move(inner)), folder_(std::move(folder)) {}

  std::string location() const override { return inner_->location(); }
  unsigned connections() const override { return inner_->connections(); }
  Result<void> create(std::stop_token stop) override { return inner_->create(stop); }
  Result<void> save(const FileName& file, ByteView bytes, std::stop_token stop) override;
  Result<Bytes> load(const FileName& file, Range range, Bytes buffer,
                     std::stop_token stop) override;
  Result<FileInfo> stat(const FileName& file, std::stop_token stop) override {
    return inner_->stat(file, stop);
  }
  Result<void> list(FileType type, const EachFile& each, std::stop_token stop) override;
  Result<std::vector<Stray>> find_strays(std::stop_token stop) override {
    return inner_->find_strays(stop);
  }
  Result<void> remove(const FileName& file, std::stop_token stop) override;

 private:
  std::string folder_of(FileType type) const {
    return fmt::format("{}/{}", folder_, firebreak::folder(type));
  }
  std::string path_of(const FileName& file) const {
    return fmt::format("{}/{}", folder_of(file.type), file.name);
  }
  std::optional<Bytes> kept(const FileName& file) const;
  void keep(const FileName& file, ByteView bytes);
  Result<void> write(const FileName& file, ByteView bytes) const;
  void drop(const FileName& file) const { ::unlink(path_of(file).c_str()); }
  void drop_all_but(FileType type, const std::unordered_set<AnyFileId>& listed) const;

  std::unique_ptr<Backend> inner_;
  const std::string folder_;
  std::atomic<bool> writable_ = true;
};

Result<void> CachingBackend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  TRY(inner_->save(file, bytes, stop));
  if (is_kept(file.type)) keep(file, bytes);
  return {};
}

Result<Bytes> CachingBackend::load(const FileName& file, Range range, Bytes buffer,
                                   std::stop_token stop) {
  // Parts are read of packs only, so that a part is not worth loading the whole for.
  if (!is_kept(file.type) || range.offset != 0 || range.length) {
    return inner_->load(file, range, std::move(buffer), stop);
  }
  TRY(check_stop(file, stop));
  std::optional<Bytes> found = kept(file);
  if (found) return std::move(*found);
  Bytes bytes = TRY(inner_->load(file, range, std::move(buffer), stop));
  keep(file, bytes);
  return bytes;
}

Result<void> CachingBackend::list(FileType type, const EachFile& each, std::stop_token stop) {
  if (!is_kept(type)) return inner_->list(type, each, stop);
  std::unordered_set<AnyFileId> listed;
  const auto note = [&](const FileInfo& file) -> Result<void> {
    const Result<AnyFileId> id = AnyFileId::parse(file.name);
    if (id.ok()) listed.insert(*id);
    return each(file);
  };
  TRY(inner_->list(type, note, stop));
  drop_all_but(type, listed);
  return {};
}

Result<void> CachingBackend::remove(const FileName& file, std::stop_token stop) {
  if (is_kept(file.type)) drop(file);
  return inner_->remove(file, stop);
}

std::optional<Bytes> CachingBackend::kept(const FileName& file) const {
  Result<Bytes> read = read_file(path_of(file), kFileSizeMax);
  if (!read.ok()) return std::nullopt;
  if (has_name_of(*read, file)) return std::move(*read);
  drop(file);
  return std::nullopt;
}

void CachingBackend::keep(const FileName& file, ByteView bytes) {
  if (!writable_ || bytes.size() > kFileSizeMax || !has_name_of(bytes, file)) return;
  if (!write(file, bytes).ok()) writable_ = false;  // Full or read-only: no use in going on.
}

// No fsync: a file that a power loss tears is found out by its hash.
Result<void> CachingBackend::write(const FileName& file, ByteView bytes) const {
  TRY(make_folders(folder_of(file.type), kFolderMode));
  std::byte nonce[12];
  fill_secret(nonce);
  const std::string temporary = fmt::format("{}/tmp-{}", folder_of(file.type), to_hex(nonce));
  Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (!fd.is_open()) return errno_error(errno, "create", temporary);
  Result<void> written = write_all(fd.get(), bytes);
  if (written.ok()) written = fd.close();
  if (written.ok() && std::rename(temporary.c_str(), path_of(file).c_str()) != 0) {
    written = errno_error(errno, "rename", temporary);
  }
  if (!written.ok()) ::unlink(temporary.c_str());
  return written;
}

void CachingBackend::drop_all_but(FileType type,
                                  const std::unordered_set<AnyFileId>& listed) const {
  DIR* const folder = ::opendir(folder_of(type).c_str());
  if (folder == nullptr) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> closer(folder, ::closedir);
  while (const dirent* const entry = ::readdir(folder)) {
    const Result<AnyFileId> id = AnyFileId::parse(entry->d_name);
    if (id.ok() && !listed.contains(*id)) drop({type, entry->d_name});
  }
}

}  // namespace

std::unique_ptr<Backend> caching(std::unique_ptr<Backend> inner, std::string folder) {
  return std::make_unique<CachingBackend>(std::move(inner), std::move(folder));
}

}  // namespace firebreak
