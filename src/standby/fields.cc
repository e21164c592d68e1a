#include "standby/fields.h"

#include <algorithm>

namespace firebreak {

const api::Value* find_field(const Fields& fields, const FieldPath& path) {
  const Fields* level = &fields;
  const api::Value* value = nullptr;
  for (const std::string& segment : path) {
    if (value != nullptr) {
      if (!value->has_map_value()) return nullptr;
      level = &value->map_value().fields();
    }
    const auto found = level->find(segment);
    if (found == level->end()) return nullptr;
    value = &found->second;
  }
  return value;
}

api::Value& make_field(Fields& fields, const FieldPath& path) {
  Fields* level = &fields;
  for (std::size_t at = 0; at + 1 < path.size(); ++at) {
    level = (*level)[path[at]].mutable_map_value()->mutable_fields();
  }
  return (*level)[path.back()];
}

void erase_field(Fields& fields, const FieldPath& path) {
  Fields* level = &fields;
  for (std::size_t at = 0; at + 1 < path.size(); ++at) {
    const auto found = level->find(path[at]);
    if (found == level->end() || !found->second.has_map_value()) return;
    level = found->second.mutable_map_value()->mutable_fields();
  }
  level->erase(path.back());
}

Answer<std::vector<FieldPath>> parse_mask(const api::DocumentMask& mask) {
  std::vector<FieldPath> paths;
  for (const std::string& text : mask.field_paths()) {
    paths.push_back(ANSWER(parse_field_path(text)));
  }
  std::vector<FieldPath> sorted = paths;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t at = 1; at < sorted.size(); ++at) {
    const FieldPath& before = sorted[at - 1];
    if (before.size() <= sorted[at].size() &&
        std::equal(before.begin(), before.end(), sorted[at].begin())) {
      return invalid("Field paths {} and {} overlap in a document mask.", to_string(before),
                     to_string(sorted[at]));
    }
  }
  return paths;
}

void project(Fields& fields, const std::vector<FieldPath>& mask) {
  Fields kept;
  for (const FieldPath& path : mask) {
    if (is_name(path)) continue;
    const api::Value* value = find_field(fields, path);
    if (value != nullptr) make_field(kept, path) = *value;
  }
  fields.swap(kept);
}

}  // namespace firebreak
