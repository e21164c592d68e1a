#include "backend/backend.h"

#include <algorithm>

namespace firebreak {

std::string_view folder(FileType type) {
  switch (type) {
    case FileType::Config:
      return kConfigName;
    case FileType::Key:
      return "keys";
    case FileType::Lock:
      return "locks";
    case FileType::Snapshot:
      return "snapshots";
    case FileType::Index:
      return "index";
    case FileType::Pack:
      return "data";
  }
  return "";
}

std::string to_string(const FileName& file) {
  if (file.type == FileType::Config) return std::string(kConfigName);
  return fmt::format("{}/{}", folder(file.type), file.name);
}

bool is_file_name(std::string_view name) {
  return name.size() == 64 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<void> check_stop(const FileName& file, std::stop_token stop) {
  if (stop.stop_requested()) return error(Code::Canceled, "stopped before {}", to_string(file));
  return {};
}

Result<std::vector<FileInfo>> list_all(Backend& backend, FileType type, std::stop_token stop) {
  std::vector<FileInfo> files;
  TRY(backend.list(
      type,
      [&](const FileInfo& file) -> Result<void> {
        files.push_back(file);
        return {};
      },
      stop));
  return files;
}

}  // namespace firebreak
