// What a generated tree holds, as a function of (bytes, seed): photos, text, many small files, a
// few large ones, and 12 % duplicates, half of them whole files and half big files that shifted.
// And what a second backup finds changed in it, as a function of (tree, percent).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content.h"

namespace firebreak {

enum class Part { Photo, Text, Small, Large, Copy, Shifted };
constexpr Part kParts[] = {Part::Photo, Part::Text, Part::Small,
                           Part::Large, Part::Copy, Part::Shifted};
std::string_view name(Part part);

struct PlannedFile {
  std::string path;  // relative, with '/'
  Part part = Part::Photo;
  Content content;
  std::int64_t modified_seconds = 0;  // since 1970
};

// In order of writing; paths are unique.
std::vector<PlannedFile> plan_tree(std::uint64_t bytes, std::uint64_t seed);

// `from` is the path that goes, `to` the file that comes; a new file has an empty `from`, a
// deleted one no `to`, an edited one the same path in both.
struct PlannedChange {
  std::string from;
  std::optional<PlannedFile> to;
};

// Changes files that hold about `percent` of the tree's bytes: insertions, appends, rewrites,
// deletions, new files and renames; and one insertion into the first large file.
std::vector<PlannedChange> plan_changes(const std::vector<PlannedFile>& tree, double percent,
                                        std::uint64_t seed);

}  // namespace firebreak
