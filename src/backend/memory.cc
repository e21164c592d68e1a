#include "backend/memory.h"

namespace firebreak {

Result<void> MemoryBackend::create(std::stop_token) {
  return {};
}

Result<void> MemoryBackend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  TRY(check_stop(file, stop));
  const MutexLock lock(mutex_);
  const bool added = files_.try_emplace(file, bytes.begin(), bytes.end()).second;
  if (!added) return error(Code::Conflict, "{} exists", to_string(file));
  return {};
}

Result<Bytes> MemoryBackend::load(const FileName& file, Range range, Bytes buffer,
                                  std::stop_token stop) {
  TRY(check_stop(file, stop));
  const MutexLock lock(mutex_);
  const auto found = files_.find(file);
  if (found == files_.end()) return error(Code::NotFound, "{} does not exist", to_string(file));
  const Bytes& whole = found->second;
  const std::uint64_t length =
      range.length.value_or(whole.size() - std::min<std::uint64_t>(range.offset, whole.size()));
  if (range.offset > whole.size() || length > whole.size() - range.offset) {
    return error(Code::Corrupt, "{} has {} bytes, {} from {} were asked for", to_string(file),
                 whole.size(), length, range.offset);
  }
  const ByteView part = ByteView(whole).subspan(range.offset, length);
  buffer.clear();
  append(buffer, part);
  return buffer;
}

Result<FileInfo> MemoryBackend::stat(const FileName& file, std::stop_token stop) {
  TRY(check_stop(file, stop));
  const MutexLock lock(mutex_);
  const auto found = files_.find(file);
  if (found == files_.end()) return error(Code::NotFound, "{} does not exist", to_string(file));
  return FileInfo{file.name, found->second.size()};
}

Result<void> MemoryBackend::list(FileType type, const EachFile& each, std::stop_token stop) {
  TRY(check_stop({type, {}}, stop));
  std::vector<FileInfo> found;
  {
    const MutexLock lock(mutex_);
    for (const auto& [file, bytes] : files_) {
      if (file.type == type) found.push_back({file.name, bytes.size()});
    }
  }
  for (const FileInfo& file : found) TRY(each(file));
  return {};
}

Result<std::vector<Stray>> MemoryBackend::find_strays(std::stop_token stop) {
  TRY(check_stop({FileType::Pack, {}}, stop));
  return std::vector<Stray>();
}

Result<void> MemoryBackend::remove(const FileName& file, std::stop_token stop) {
  TRY(check_stop(file, stop));
  const MutexLock lock(mutex_);
  if (files_.erase(file) == 0) return error(Code::NotFound, "{} does not exist", to_string(file));
  return {};
}

std::map<FileName, Bytes> MemoryBackend::files() const {
  const MutexLock lock(mutex_);
  return files_;
}

void MemoryBackend::set_files(std::map<FileName, Bytes> files) {
  const MutexLock lock(mutex_);
  files_ = std::move(files);
}

}  // namespace firebreak
