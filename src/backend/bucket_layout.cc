#include "backend/bucket_layout.h"

namespace firebreak {

std::string object_key(const FileName& file) {
  if (file.type != FileType::Pack) return to_string(file);
  return fmt::format("{}{}/{}", key_prefix(file.type), file.name.substr(0, 2), file.name);
}

std::string key_prefix(FileType type) {
  std::string prefix(folder(type));
  if (type != FileType::Config) prefix += '/';
  return prefix;
}

std::optional<std::string> name_of_object(FileType type, std::string_view key) {
  if (type == FileType::Config) return key.empty() ? std::optional(std::string()) : std::nullopt;
  if (type == FileType::Pack) {
    if (key.size() < 5 || key[2] != '/' || key.substr(0, 2) != key.substr(3, 2)) return {};
    key.remove_prefix(3);
  }
  return is_file_name(key) ? std::optional(std::string(key)) : std::nullopt;
}

}  // namespace firebreak
