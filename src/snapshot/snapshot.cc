#include "snapshot/snapshot.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/task_group.h"
#include "base/text.h"

namespace firebreak {
namespace {

using Json = nlohmann::ordered_json;

template <typename IdType>
Result<std::optional<IdType>> optional_id(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::optional<IdType>();
  if (!found->is_string()) return error(Code::Corrupt, "snapshot: {} is no id", key);
  Result<IdType> id = IdType::parse(found->template get_ref<const std::string&>());
  if (!id.ok()) {
    return error(Code::Corrupt, "snapshot: {}: {}", key, id.error().message());
  }
  return std::optional<IdType>(*id);
}

std::string text_or_empty(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_or_zero(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::vector<std::string> texts(const Json& json, const char* key) {
  std::vector<std::string> list;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array()) return list;
  for (const Json& element : *found) {
    if (element.is_string()) list.push_back(element.get<std::string>());
  }
  return list;
}

FileTime time_or_zero(const Json& json, const char* key) {
  const Result<FileTime> time = parse_rfc3339(text_or_empty(json, key));
  return time.ok() ? *time : zero_time();
}

// The counts of a summary, under their names in the file.
struct Count {
  const char* key;
  std::uint64_t SnapshotSummary::*field;
};
constexpr Count kCounts[] = {
    {"files_new", &SnapshotSummary::files_new},
    {"files_changed", &SnapshotSummary::files_changed},
    {"files_unmodified", &SnapshotSummary::files_unmodified},
    {"dirs_new", &SnapshotSummary::dirs_new},
    {"dirs_changed", &SnapshotSummary::dirs_changed},
    {"dirs_unmodified", &SnapshotSummary::dirs_unmodified},
    {"data_blobs", &SnapshotSummary::data_blobs},
    {"tree_blobs", &SnapshotSummary::tree_blobs},
    {"data_added", &SnapshotSummary::data_added},
    {"data_added_packed", &SnapshotSummary::data_added_packed},
    {"total_files_processed", &SnapshotSummary::total_files_processed},
    {"total_bytes_processed", &SnapshotSummary::total_bytes_processed},
};

Json encode_summary(const SnapshotSummary& summary) {
  Json json;
  json["backup_start"] = format_rfc3339(summary.backup_start);
  json["backup_end"] = format_rfc3339(summary.backup_end);
  for (const Count& count : kCounts) json[count.key] = summary.*count.field;
  return json;
}

SnapshotSummary parse_summary(const Json& json) {
  SnapshotSummary summary;
  summary.backup_start = time_or_zero(json, "backup_start");
  summary.backup_end = time_or_zero(json, "backup_end");
  for (const Count& count : kCounts) summary.*count.field = number_or_zero(json, count.key);
  return summary;
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

std::string encode_snapshot(const Snapshot& snapshot) {
  Json json;
  json["time"] = format_rfc3339(snapshot.time);
  if (snapshot.parent) json["parent"] = snapshot.parent->hex();
  json["tree"] = snapshot.tree.hex();
  json["paths"] = snapshot.paths;
  if (!snapshot.hostname.empty()) json["hostname"] = snapshot.hostname;
  if (!snapshot.username.empty()) json["username"] = snapshot.username;
  if (snapshot.uid != 0) json["uid"] = snapshot.uid;
  if (snapshot.gid != 0) json["gid"] = snapshot.gid;
  if (!snapshot.excludes.empty()) json["excludes"] = snapshot.excludes;
  if (!snapshot.tags.empty()) json["tags"] = snapshot.tags;
  if (snapshot.original) json["original"] = snapshot.original->hex();
  if (!snapshot.program_version.empty()) json["program_version"] = snapshot.program_version;
  if (snapshot.summary) json["summary"] = encode_summary(*snapshot.summary);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Snapshot> parse_snapshot(ByteView text) {
  const Json json = Json::parse(as_text(text), nullptr, false);
  if (!json.is_object()) return error(Code::Corrupt, "a snapshot that is no JSON object");
  Snapshot snapshot;
  Result<FileTime> time = parse_rfc3339(text_or_empty(json, "time"));
  if (!time.ok()) return error(Code::Corrupt, "a snapshot without time");
  snapshot.time = *time;
  const std::optional<BlobId> tree = TRY(optional_id<BlobId>(json, "tree"));
  if (!tree) return error(Code::Corrupt, "a snapshot without tree");
  snapshot.tree = *tree;
  snapshot.parent = TRY(optional_id<SnapshotId>(json, "parent"));
  snapshot.original = TRY(optional_id<SnapshotId>(json, "original"));
  snapshot.paths = texts(json, "paths");
  snapshot.hostname = text_or_empty(json, "hostname");
  snapshot.username = text_or_empty(json, "username");
  snapshot.uid = static_cast<std::uint32_t>(number_or_zero(json, "uid"));
  snapshot.gid = static_cast<std::uint32_t>(number_or_zero(json, "gid"));
  snapshot.excludes = texts(json, "excludes");
  snapshot.tags = texts(json, "tags");
  snapshot.program_version = text_or_empty(json, "program_version");
  const auto summary = json.find("summary");
  if (summary != json.end() && summary->is_object()) snapshot.summary = parse_summary(*summary);
  return snapshot;
}

Result<Snapshot> load_snapshot(const Repository& repository, const SnapshotId& id,
                               std::stop_token stop) {
  const Bytes json = TRY(repository.load_document(FileType::Snapshot, id.hex(), stop));
  return parse_snapshot(json).context("snapshot {}", id.brief()).on(Side::Repository);
}

Result<SnapshotId> save_snapshot(const Repository& repository, const Snapshot& snapshot,
                                 std::stop_token stop) {
  const std::string json = encode_snapshot(snapshot);
  const std::string saved = TRY(repository.save_document(FileType::Snapshot, as_bytes(json), stop));
  return SnapshotId::parse(saved);
}

Result<SnapshotId> replace_snapshot(const Repository& repository, RepositoryLock& lock,
                                    const FoundSnapshot& old, Snapshot changed,
                                    std::stop_token stop) {
  if (!changed.original) changed.original = old.id;
  TRY(lock.held(stop));
  const SnapshotId id = TRY(save_snapshot(repository, changed, stop));
  if (id != old.id) TRY(remove_snapshots(repository, lock, {old.id}, stop));
  return id;
}

Result<void> remove_snapshots(const Repository& repository, RepositoryLock& lock,
                              const std::vector<SnapshotId>& ids, std::stop_token stop) {
  for (const SnapshotId& id : ids) {
    TRY(lock.held(stop));
    Result<void> removed = repository.backend().remove({FileType::Snapshot, id.hex()}, stop);
    if (removed.ok() || removed.error().code() == Code::NotFound) continue;
    return std::move(removed).context("snapshot {}", id.brief()).on(Side::Repository);
  }
  return {};
}

static Result<FoundSnapshot> load_named(const Repository& repository, const std::string& name,
                                        std::stop_token stop) {
  FoundSnapshot found;
  found.id = TRY(SnapshotId::parse(name));
  found.snapshot = TRY(load_snapshot(repository, found.id, stop));
  return found;
}

Result<std::vector<FoundSnapshot>> load_snapshots(const Repository& repository,
                                                  std::stop_token stop) {
  return load_snapshots(
      repository, [](const std::string&, const Error& problem) -> Result<void> { return problem; },
      stop);
}

Result<std::vector<FoundSnapshot>> load_snapshots(const Repository& repository,
                                                  const BrokenSnapshot& broken,
                                                  std::stop_token stop) {
  // Some stores' listings leave out a file now and then, or name one twice. What prune does not see
  // it removes, and a policy counts what it sees: so two listings, and every name once.
  std::set<std::string> listed;
  for (int listing = 0; listing < 2; ++listing) {
    const std::vector<FileInfo> files =
        TRY(list_all(repository.backend(), FileType::Snapshot, stop).on(Side::Repository));
    for (const FileInfo& file : files) listed.insert(file.name);
  }
  const std::vector<std::string> names(listed.begin(), listed.end());
  std::vector<std::optional<FoundSnapshot>> loaded(names.size());
  const auto load = [&](std::size_t at, std::stop_token stopped) -> Result<void> {
    Result<FoundSnapshot> one = load_named(repository, names[at], stopped);
    const bool is_broken = failed_with(one, Code::Corrupt) || failed_with(one, Code::NotFound) ||
                           failed_with(one, Code::Invalid);
    if (is_broken) return broken(names[at], one.error());
    loaded[at] = TRY(std::move(one));
    return {};
  };
  TRY(for_each_number(names.size(), repository.backend().connections(), load, std::move(stop)));
  std::vector<FoundSnapshot> found;
  for (std::optional<FoundSnapshot>& one : loaded) {
    if (one) found.push_back(*std::move(one));
  }
  std::ranges::sort(found, {},
                    [](const FoundSnapshot& one) { return std::pair(one.snapshot.time, one.id); });
  return found;
}

bool SnapshotFilter::matches(const Snapshot& snapshot) const {
  if (!hosts.empty() && !contains(hosts, snapshot.hostname)) return false;
  for (const std::string& path : paths) {
    if (!contains(snapshot.paths, path)) return false;
  }
  if (tags.empty()) return true;
  return std::ranges::any_of(tags, [&](const std::vector<std::string>& set) {
    if (set.empty()) return snapshot.tags.empty();
    return std::ranges::all_of(
        set, [&](const std::string& tag) { return contains(snapshot.tags, tag); });
  });
}

Result<FoundSnapshot> choose_snapshot(const std::vector<FoundSnapshot>& all, std::string_view name,
                                      const SnapshotFilter& filter) {
  if (name == "latest") {
    for (auto one = all.rbegin(); one != all.rend(); ++one) {
      if (filter.matches(one->snapshot)) return *one;
    }
    return error(Code::NotFound, "no snapshot matches; see: firebreak snapshots");
  }
  const FoundSnapshot* chosen = nullptr;
  for (const FoundSnapshot& one : all) {
    if (name.empty() || !one.id.hex().starts_with(name)) continue;
    if (chosen != nullptr) {
      return error(Code::Invalid, "\"{}\" is the beginning of more than one snapshot's id",
                   printable(name));
    }
    chosen = &one;
  }
  if (chosen == nullptr) {
    return error(Code::NotFound, "no snapshot \"{}\"; see: firebreak snapshots", printable(name));
  }
  return *chosen;
}

}  // namespace firebreak
