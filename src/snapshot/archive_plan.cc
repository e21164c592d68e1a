#include "snapshot/archive_plan.h"

#include <filesystem>

namespace firebreak {
namespace {

std::string clean(const std::string& path) {
  std::string cleaned = std::filesystem::path(path).lexically_normal().string();
  while (cleaned.size() > 1 && cleaned.back() == '/') cleaned.pop_back();
  return cleaned;
}

std::string joined(const std::string& folder, const std::string& name) {
  if (folder.empty()) return name;
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

// The child of the root for a first component that lies in `folder`.
PlannedEntry& root_child(PlannedEntry& root, const std::string& folder, const std::string& name) {
  const std::string source = joined(folder, name);
  std::string chosen = name;
  for (int number = 1;; ++number) {
    PlannedEntry& child = root.children[chosen];
    if (child.source.empty()) child.source = source;
    if (child.source == source) return child;
    chosen = fmt::format("{}-{}", name, number);
  }
}

void add_target(PlannedEntry& root, const std::string& target) {
  // What stands before the first real component: "/", or as many ".." as there are.
  std::string above = target.starts_with('/') ? "/" : "";
  PlannedEntry* entry = &root;
  for (const std::filesystem::path& part : std::filesystem::path(target)) {
    const std::string component = part.string();
    if (component == "/" || component == ".") continue;
    if (component == "..") {
      above = joined(above, component);
    } else if (entry == &root) {
      entry = &root_child(root, above, component);
    } else {
      PlannedEntry& child = entry->children[component];
      child.source = joined(entry->source, component);
      entry = &child;
    }
  }
  if (entry == &root) root.source = above.empty() ? "." : above;
  entry->whole = true;
}

}  // namespace

Result<PlannedEntry> plan_archive(const std::vector<std::string>& targets) {
  PlannedEntry root;
  for (const std::string& target : targets) {
    if (target.empty()) return error(Code::Invalid, "an empty path cannot be backed up");
    add_target(root, clean(target));
  }
  return root;
}

std::string absolute_path(const std::string& path, const std::string& working_folder) {
  return clean(path.starts_with('/') ? path : joined(working_folder, path));
}

}  // namespace firebreak
