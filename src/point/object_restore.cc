#include "point/object_restore.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "base/task_group.h"
#include "base/text.h"
#include "crypto/crc32c.h"
#include "net/google_json.h"
#include "point/object_files.h"
#include "point/object_record.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kOnePartBytes = 8 << 20;
constexpr std::size_t kPartAlignment = 256 * 1024;
constexpr std::size_t kBatch = 256;
constexpr const char* kRestored[] = {
    "contentType", "contentEncoding", "contentDisposition", "contentLanguage", "cacheControl",
    "metadata",    "storageClass",    "customTime",         "temporaryHold",   "eventBasedHold"};

// The fields that a restore writes, as the object has them. What is false or empty is as good as
// missing.
Json restored_fields(const StoredObject& object) {
  Json fields = Json::object();
  for (const char* field : kRestored) {
    const auto found = object.description.find(field);
    if (found == object.description.end() || found->is_null()) continue;
    const bool is_nothing = *found == Json(false) || found->empty();
    if (!is_nothing) fields[field] = *found;
  }
  return fields;
}

// What makes fields of `there` those of `wanted`; empty where they are.
Json changes_between(const StoredObject& there, const StoredObject& wanted) {
  const Json old_fields = restored_fields(there);
  const Json new_fields = restored_fields(wanted);
  Json changes = Json::object();
  for (const char* field : kRestored) {
    const Json before = old_fields.value(field, Json());
    const Json after = new_fields.value(field, Json());
    if (before == after) continue;
    changes[field] = after;
    // Custom metadata is merged key by key.
    if (!before.is_object() || !after.is_object()) continue;
    for (const auto& [key, value] : before.items()) {
      if (!after.contains(key)) changes[field][key] = nullptr;
    }
  }
  // A class is changed by copying the object, not by telling so.
  changes.erase("storageClass");
  return changes;
}

struct Task {
  RestoreAction action;
  std::optional<ObjectRecord> wanted;
  std::optional<StoredObject> there;
};

// The service lets the custom time of an object only grow, for its lifecycle's sake.
bool takes_custom_time_back(const StoredObject& there, const Json& changes) {
  const auto changed = changes.find("customTime");
  if (changed == changes.end()) return false;
  const Result<FileTime> now = parse_rfc3339(text_at(there.description, "customTime"));
  const Result<FileTime> then = parse_rfc3339(text_at(changes, "customTime"));
  return now.ok() && (!then.ok() || *then < *now);
}

// Whether the service may refuse to replace or delete the object whoever asks. How it says so is
// not always told from a permission that is missing.
bool may_be_kept(const StoredObject& there) {
  const Json& object = there.description;
  return field_at(object, "temporaryHold") == Json(true) ||
         field_at(object, "eventBasedHold") == Json(true) ||
         object.contains("retentionExpirationTime") || object.contains("retention");
}

class ObjectRestore {
 public:
  ObjectRestore(const Repository& repository, const BlobId& objects, StorageClient& target,
                const ObjectRestoreOptions& options, ProjectRestoreProgress& progress)
      : repository_(repository),
        objects_(objects),
        target_(target),
        options_(options),
        progress_(progress) {}

  Result<void> run(const BlobId& manifest, std::stop_token stop);

 private:
  Result<void> add(Task task, std::stop_token stop);
  Result<void> compare(ObjectRecord wanted, StoredObject there, std::stop_token stop);
  Result<void> do_batch(std::stop_token stop);
  Result<void> write(const Task& task, std::stop_token stop);
  Result<void> upload(const ObjectRecord& wanted, std::uint64_t replaces, std::stop_token stop);
  Result<std::vector<BlobId>> blobs_of(const ObjectRecord& wanted, std::stop_token stop);

  const Repository& repository_;
  const BlobId objects_;
  StorageClient& target_;
  const ObjectRestoreOptions& options_;
  ProjectRestoreProgress& progress_;
  std::vector<Task> batch_;
};

Result<std::vector<BlobId>> ObjectRestore::blobs_of(const ObjectRecord& wanted,
                                                    std::stop_token stop) {
  if (wanted.content.blobs == wanted.content.ids.size()) return wanted.content.ids;
  Node file = TRY(find_object_file(repository_, objects_, wanted.object.name, std::move(stop)));
  if (file.content->size() == wanted.content.blobs) return *std::move(file.content);
  return error(Code::Corrupt, "the file of an object is not what the manifest says");
}

Result<void> ObjectRestore::upload(const ObjectRecord& wanted, std::uint64_t replaces,
                                   std::stop_token stop) {
  Json description = restored_fields(wanted.object);
  description["name"] = wanted.object.name;
  if (wanted.object.description.contains("crc32c")) {
    description["crc32c"] = wanted.object.description.at("crc32c");
  }
  const std::vector<BlobId> blobs = TRY(blobs_of(wanted, stop));
  const std::uint64_t size = wanted.object.size;
  Sha256Stream digest;
  std::size_t next_blob = 0;
  std::uint64_t loaded = 0;
  Bytes window;
  Bytes part;
  // The next part of the content; the last one only where all of it is what the point says.
  const auto next = [&]() -> Result<ByteView> {
    while (next_blob < blobs.size() && window.size() < kOnePartBytes) {
      const Bytes blob = TRY(repository_.load_blob(BlobType::Data, blobs[next_blob], {}, stop));
      digest.update(blob);
      loaded += blob.size();
      append(window, blob);
      ++next_blob;
    }
    if (next_blob == blobs.size()) {
      if (loaded != size || digest.finish() != wanted.content.sha256) {
        return error(Code::Corrupt, "its blobs in the repository are not the object");
      }
      part = std::exchange(window, {});
      next_blob = blobs.size() + 1;
      return ByteView(part);
    }
    const std::size_t length = window.size() - window.size() % kPartAlignment;
    part.assign(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(length));
    window.erase(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(length));
    return ByteView(part);
  };
  StoredObject made;
  if (size <= kOnePartBytes) {
    const ByteView content = TRY(next());
    if (content.size() != size) return error(Code::Corrupt, "an object has another size");
    made = TRY(target_.insert(description, content, replaces, stop));
  } else {
    made = TRY(target_.insert_in_parts(description, size, next, replaces, stop));
  }
  if (made.size != size || made.crc32c != wanted.object.crc32c) {
    return error(Code::Corrupt, "the service made another object of it");
  }
  progress_.bytes_written += size;
  return {};
}

Result<void> ObjectRestore::write(const Task& task, std::stop_token stop) {
  if (task.action == RestoreAction::Delete) return target_.remove(*task.there, stop);
  if (!task.there) return upload(*task.wanted, 0, stop);
  const StoredObject& wanted = task.wanted->object;
  const bool is_same_content =
      task.there->size == wanted.size && wanted.crc32c && task.there->crc32c == wanted.crc32c;
  const Json changes = changes_between(*task.there, wanted);
  if (!is_same_content || takes_custom_time_back(*task.there, changes)) {
    return upload(*task.wanted, task.there->generation, stop);
  }
  return target_.patch(*task.there, changes, stop);
}

Result<void> ObjectRestore::do_batch(std::stop_token stop) {
  const auto work = [&](std::size_t number, std::stop_token stopped) -> Result<void> {
    const Task& task = batch_[number];
    Result<void> done = write(task, stopped);
    if (done.ok()) {
      ++progress_.written;
      return {};
    }
    const Error& problem = done.error();
    const bool is_conflict = is(problem, Code::Conflict);
    const bool is_one_objects =
        is_conflict || is(problem, Code::Corrupt) || is(problem, Code::Invalid) ||
        is(problem, Code::NotFound) ||
        (is(problem, Code::Denied) && task.there && may_be_kept(*task.there));
    if (!is_one_objects) return done;
    ++(is_conflict ? progress_.conflicts : progress_.refused);
    const std::string& name = task.wanted ? task.wanted->object.name : task.there->name;
    if (options_.on_failure) options_.on_failure(name, problem);
    return {};
  };
  TRY(for_each_number(batch_.size(), options_.writers, work, std::move(stop)));
  batch_.clear();
  return {};
}

Result<void> ObjectRestore::add(Task task, std::stop_token stop) {
  const std::string& name = task.wanted ? task.wanted->object.name : task.there->name;
  progress_.count(task.action);
  if (options_.on_object) options_.on_object(task.action, name);
  const bool is_work = task.action != RestoreAction::Same && task.action != RestoreAction::Keep;
  if (options_.dry_run || !is_work) return {};
  batch_.push_back(std::move(task));
  return batch_.size() < kBatch ? Result<void>() : do_batch(std::move(stop));
}

Result<void> ObjectRestore::compare(ObjectRecord wanted, StoredObject there, std::stop_token stop) {
  const bool is_same = there.size == wanted.object.size && wanted.object.crc32c &&
                       there.crc32c == wanted.object.crc32c &&
                       changes_between(there, wanted.object).empty();
  RestoreAction action = RestoreAction::Change;
  if (is_same) {
    action = RestoreAction::Same;
  } else if (options_.mode == RestoreMode::Missing) {
    action = RestoreAction::Keep;
  }
  return add({action, std::move(wanted), std::move(there)}, std::move(stop));
}

Result<void> ObjectRestore::run(const BlobId& manifest, std::stop_token stop) {
  const RecordTree tree(repository_, manifest, key_of_object);
  RecordTree::Cursor point = tree.records();
  TRY(point.seek(options_.prefix));
  const auto is_at_end = [&] {
    return point.is_at_end() || !point.key().starts_with(options_.prefix);
  };
  const auto create = [&]() -> Result<void> {
    ++progress_.in_point;
    ObjectRecord wanted = TRY(parse_object_record(point.record()));
    TRY(add({RestoreAction::Create, std::move(wanted), std::nullopt}, stop));
    return point.next();
  };
  std::string token;
  std::string last;
  do {
    StorageClient::Page page = TRY(target_.list(options_.prefix, token, stop));
    token = std::move(page.next_token);
    for (StoredObject& there : page.objects) {
      if (!last.empty() && there.name <= last) {
        return error(Code::Io, "listing {}: names are not in order", target_.url());
      }
      last = there.name;
      ++progress_.in_target;
      while (!is_at_end() && point.key() < there.name) TRY(create());
      if (!is_at_end() && point.key() == there.name) {
        ++progress_.in_point;
        ObjectRecord wanted = TRY(parse_object_record(point.record()));
        TRY(compare(std::move(wanted), std::move(there), stop));
        TRY(point.next());
      } else {
        const bool goes = options_.mode == RestoreMode::Exact;
        const RestoreAction action = goes ? RestoreAction::Delete : RestoreAction::Keep;
        TRY(add({action, std::nullopt, std::move(there)}, stop));
      }
    }
  } while (!token.empty());
  while (!is_at_end()) TRY(create());
  return do_batch(stop);
}

}  // namespace

Result<void> restore_objects(const Repository& repository, const BlobId& manifest,
                             const BlobId& objects, StorageClient& target,
                             const ObjectRestoreOptions& options, ProjectRestoreProgress& progress,
                             std::stop_token stop) {
  return ObjectRestore(repository, objects, target, options, progress)
      .run(manifest, std::move(stop));
}

}  // namespace firebreak
