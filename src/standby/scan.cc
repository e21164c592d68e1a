#include "standby/scan.h"

#include <algorithm>

#include "firestore/document_key.h"
#include "firestore/document_path.h"

namespace firebreak {
namespace {

// The smallest key at which a bound of a group stands.
std::string key_at(const std::string& collection_id, const ScanOptions::NameBound& bound,
                   bool is_behind) {
  std::string key = group_prefix(collection_id, bound.path);
  if (is_behind) key.push_back('\0');
  return key;
}

bool is_directly_in(std::string_view path, std::string_view collection) {
  return path.size() > collection.size() + 1 && path.starts_with(collection) &&
         path[collection.size()] == '/' &&
         path.find('/', collection.size() + 1) == std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string>> collection_groups(Documents::Cursor& documents) {
  std::vector<std::string> groups;
  TRY(documents.seek(""));
  while (!documents.is_at_end()) {
    const DecodedKey key = TRY(decode_document_key(documents.key()));
    groups.push_back(key.collection_id);
    TRY(documents.seek(after_prefix(group_prefix(key.collection_id))));
  }
  return groups;
}

Result<Scan> Scan::begin(const Documents& all, const std::string& database, FirestoreTime at,
                         ScanOptions options) {
  Scan scan(std::move(options));
  if (scan.options_.collection_id) {
    TRY(scan.add_group(all.documents(database, at), *scan.options_.collection_id));
    return scan;
  }
  Documents::Cursor groups = all.documents(database, at);
  for (const std::string& id : TRY(collection_groups(groups))) {
    TRY(scan.add_group(all.documents(database, at), id));
  }
  scan.ranges_ = {{"", "\xff"}};  // a collection that is new counts too
  return scan;
}

Result<void> Scan::add_group(Documents::Cursor documents, const std::string& collection_id) {
  const bool is_one_collection = options_.collection_id && !options_.has_all_descendants;
  std::string within = options_.parent;
  if (is_one_collection) within += (within.empty() ? "" : "/") + collection_id;
  const std::string prefix = group_prefix(collection_id, within);
  std::string begin = prefix;
  std::string end = after_prefix(prefix);
  if (options_.lower) {
    begin = std::max(begin, key_at(collection_id, *options_.lower, !options_.lower->is_included));
  }
  if (options_.upper) {
    end = std::min(end, key_at(collection_id, *options_.upper, options_.upper->is_included));
  }
  TRY(documents.seek(begin));
  ranges_.emplace_back(std::move(begin), end);
  Group group{std::move(documents), group_prefix(collection_id).size(), std::move(end)};
  TRY(settle(group));
  if (!group.documents.is_at_end()) groups_.push_back(std::move(group));
  return {};
}

// From where it stands to the next document that the scan is for.
Result<void> Scan::settle(Group& group) {
  while (!group.documents.is_at_end()) {
    if (group.documents.key() >= group.end) {
      group.documents.finish();
      break;
    }
    if (TRY(is_selected(group.documents.record()))) break;
    TRY(group.documents.next());
  }
  return {};
}

Result<bool> Scan::is_selected(ByteView record) const {
  const RecordView view = TRY(RecordView::parse(record));
  const std::string_view path = view.path();
  if (path == options_.parent) return false;
  if (options_.has_all_descendants) return true;
  const std::string_view collection = collection_path(path);
  if (options_.parent.empty()) return collection.find('/') == std::string_view::npos;
  return is_directly_in(collection, options_.parent);
}

Result<bool> Scan::next() {
  if (has_begun_ && !groups_.empty()) {
    Group& group = groups_[at_];
    TRY(group.documents.next());
    TRY(settle(group));
    if (group.documents.is_at_end()) groups_.erase(groups_.begin() + static_cast<long>(at_));
  }
  has_begun_ = true;
  if (groups_.empty()) return false;
  // Few groups, and mostly one: a heap would not pay.
  const auto name = [](const Group& group) {
    return group.documents.key().substr(group.prefix_bytes);
  };
  const auto first =
      std::min_element(groups_.begin(), groups_.end(),
                       [&](const Group& a, const Group& b) { return name(a) < name(b); });
  at_ = static_cast<std::size_t>(first - groups_.begin());
  return true;
}

ByteView Scan::record() const {
  return groups_[at_].documents.record();
}

}  // namespace firebreak
