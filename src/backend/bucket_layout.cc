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

EachKey only_files(FileType type, const EachFile& each) {
  return [type, &each](std::string_view key, std::uint64_t size) -> Result<void> {
    const std::optional<std::string> name = name_of_object(type, key);
    return name ? each({*name, size}) : Result<void>();
  };
}

EachKey only_misplaced_packs(std::vector<Stray>& strays) {
  return [&strays](std::string_view key, std::uint64_t) -> Result<void> {
    const std::string_view name = key.substr(key.rfind('/') + 1);  // the whole where there is none
    if (is_file_name(name) && !name_of_object(FileType::Pack, key)) {
      strays.push_back(
          {{FileType::Pack, std::string(name)}, fmt::format("data/{}", key), StrayKind::Misplaced});
    }
    return {};
  };
}

}  // namespace firebreak
