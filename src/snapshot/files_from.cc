#include "snapshot/files_from.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <memory>

#include "base/file.h"
#include "base/text.h"
#include "snapshot/glob.h"
#include "snapshot/text_lines.h"

namespace firebreak {
namespace {

bool means_not_there(int number) {
  return number == ENOENT || number == ENOTDIR;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// The names in `folder` that match, sorted; "" is the current folder.
Result<std::vector<std::string>> matching_names(const std::string& folder, const Glob& glob) {
  const char* const path = folder.empty() ? "." : folder.c_str();
  const std::unique_ptr<DIR, CloseFolder> opened(::opendir(path));
  std::vector<std::string> names;
  if (opened == nullptr) {
    if (means_not_there(errno)) return names;
    return errno_error(errno, "open", folder);
  }
  while (true) {
    errno = 0;
    const dirent* const entry = ::readdir(opened.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && glob.matches(name)) names.emplace_back(name);
  }
  if (errno != 0) return errno_error(errno, "list", folder);
  std::sort(names.begin(), names.end());
  return names;
}

// Adds what `glob` matches in each of `folders`, which end in '/' or are empty.
void step(ExpandedPath& expanded, const Glob& glob) {
  std::vector<std::string> paths;
  for (const std::string& folder : expanded.paths) {
    if (glob.is_literal()) {
      paths.push_back(folder + glob.text());
      continue;
    }
    Result<std::vector<std::string>> names = matching_names(folder, glob);
    if (!names.ok()) {
      expanded.unreadable.push_back(std::move(names).error().on(Side::Source));
      continue;
    }
    for (const std::string& name : *names) paths.push_back(folder + name);
  }
  expanded.paths = std::move(paths);
}

void drop_missing(ExpandedPath& expanded) {
  std::vector<std::string> there;
  for (std::string& path : expanded.paths) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) {
      there.push_back(std::move(path));
    } else if (!means_not_there(errno)) {
      expanded.unreadable.push_back(errno_error(errno, "look up", path).on(Side::Source));
    }
  }
  expanded.paths = std::move(there);
}

}  // namespace

Result<std::vector<std::string>> parse_files_from(ByteView file) {
  return entry_lines(file);
}

Result<std::vector<std::string>> parse_files_from_verbatim(ByteView file) {
  std::vector<std::string> paths = TRY(text_lines(file));
  std::erase(paths, "");
  return paths;
}

Result<std::vector<std::string>> parse_files_from_raw(ByteView file) {
  std::string_view rest = as_text(file);
  std::vector<std::string> paths;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) {
      return error(Code::Invalid, "the last path, \"{}\", does not end in a zero byte",
                   printable(rest));
    }
    if (end == 0) return error(Code::Invalid, "path {} is empty", paths.size() + 1);
    paths.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return paths;
}

Result<ExpandedPath> expand_path(const std::string& pattern) {
  ExpandedPath expanded{{pattern.starts_with('/') ? "/" : ""}, {}};
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, slash);
    rest.remove_prefix(std::min(rest.find_first_not_of('/', slash), rest.size()));
    if (name.empty()) continue;  // what stands before a leading '/'
    const Glob glob = TRY(Glob::parse(name).context("pattern \"{}\"", printable(pattern)));
    step(expanded, glob);
    if (rest.empty()) break;
    for (std::string& path : expanded.paths) path += '/';
  }
  drop_missing(expanded);
  return expanded;
}

}  // namespace firebreak
