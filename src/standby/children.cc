#include "standby/children.h"

#include <algorithm>
#include <set>

#include "firestore/document_key.h"
#include "firestore/document_path.h"

namespace firebreak {
namespace {

std::string joined(std::string_view above, std::string_view id) {
  return above.empty() ? std::string(id) : fmt::format("{}/{}", above, id);
}

// The segment of `path` that comes behind `above`.
std::string_view segment_below(std::string_view path, std::string_view above) {
  path.remove_prefix(above.empty() ? 0 : above.size() + 1);
  return path.substr(0, path.find('/'));
}

bool is_below(const Documents::Cursor& documents, std::string_view prefix) {
  return !documents.is_at_end() && documents.key().starts_with(prefix);
}

}  // namespace

Result<std::vector<std::string>> collections_below(const Moment& moment,
                                                   const std::string& parent) {
  Documents::Cursor documents = moment.documents.documents(moment.database, moment.time);
  std::set<std::string> found;
  for (const std::string& group : TRY(collection_groups(documents))) {
    const std::string prefix = group_prefix(group, parent);
    TRY(documents.seek(prefix));
    while (is_below(documents, prefix)) {
      const DecodedKey key = TRY(decode_document_key(documents.key()));
      if (key.path == parent) {
        TRY(documents.next());
        continue;
      }
      const std::string id(segment_below(key.path, parent));
      found.insert(id);
      TRY(documents.seek(after_prefix(group_prefix(group, joined(parent, id)))));
    }
  }
  return std::vector<std::string>(found.begin(), found.end());
}

Result<Children> Children::begin(const Moment& moment, std::string collection,
                                 const std::string& after) {
  Children children(std::move(collection));
  Documents::Cursor all = moment.documents.documents(moment.database, moment.time);
  for (const std::string& id : TRY(collection_groups(all))) {
    Group group{id, moment.documents.documents(moment.database, moment.time)};
    const std::string prefix = group_prefix(id, children.collection_);
    TRY(group.documents.seek(after.empty() ? prefix : after_prefix(group_prefix(id, after))));
    TRY(children.settle(group));
    if (!group.child.empty()) children.groups_.push_back(std::move(group));
  }
  return children;
}

Result<void> Children::settle(Group& group) {
  group.child.clear();
  if (!is_below(group.documents, group_prefix(group.collection_id, collection_))) return {};
  const DecodedKey key = TRY(decode_document_key(group.documents.key()));
  group.child = joined(collection_, segment_below(key.path, collection_));
  group.key = document_key(group.child);
  return {};
}

Result<std::optional<Children::Child>> Children::next() {
  if (groups_.empty()) return std::optional<Child>();
  const auto first = std::min_element(groups_.begin(), groups_.end(),
                                      [](const Group& a, const Group& b) { return a.key < b.key; });
  const std::string key = first->key;
  Child child{first->child, {}};
  for (auto group = groups_.begin(); group != groups_.end();) {
    if (group->key == key) {
      if (group->documents.key() == key) {
        child.record.assign(group->documents.record().begin(), group->documents.record().end());
      }
      const std::string behind = after_prefix(group_prefix(group->collection_id, child.path));
      TRY(group->documents.seek(behind));
      TRY(settle(*group));
    }
    group = group->child.empty() ? groups_.erase(group) : group + 1;
  }
  return std::optional(std::move(child));
}

}  // namespace firebreak
