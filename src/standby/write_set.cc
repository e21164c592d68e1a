#include "standby/write_set.h"

#include "firestore/document_key.h"
#include "standby/limits.h"
#include "standby/names.h"

namespace firebreak {
namespace {

constexpr int kTransformsMax = 500;

// What the write makes of the fields, before its transforms.
absl::Status put_fields(const api::Write& write, Fields& fields) {
  if (!write.has_update()) return {};
  const Fields& given = write.update().fields();
  if (!write.has_update_mask()) {
    fields = given;
    return {};
  }
  for (const FieldPath& path : ANSWER(parse_mask(write.update_mask()))) {
    const api::Value* value = find_field(given, path);
    if (value != nullptr) {
      make_field(fields, path) = *value;
    } else {
      erase_field(fields, path);
    }
  }
  return {};
}

}  // namespace

const std::string& written_name(const api::Write& write) {
  if (write.has_update()) return write.update().name();
  if (write.has_transform()) return write.transform().document();
  return write.delete_();
}

WriteSet::WriteSet(const Documents& documents, std::string database, FirestoreTime commit_time)
    : documents_(documents),
      database_(std::move(database)),
      commit_time_(commit_time),
      values_(database_),
      encoder_(documents_of(database_)),
      decoder_(database_) {}

Answer<api::WriteResult> WriteSet::apply(const api::Write& write) {
  if (write.operation_case() == api::Write::OPERATION_NOT_SET) {
    return invalid("A write has no operation.");
  }
  const DocumentName name = ANSWER(parse_document_name(written_name(write)));
  if (name.database != database_) {
    return invalid("The document {} is not in {}.", written_name(write), database_);
  }
  State state = ANSWER(load(name.path));
  ANSWER(check(write.current_document(), written_name(write), state));
  api::WriteResult result;
  if (write.operation_case() == api::Write::kDelete) {
    state.has_changed = state.has_changed || state.document.has_value();
    state.document.reset();
    state.record.clear();
  } else {
    if (!state.document) ANSWER(check_new_path(name.path));
    result = ANSWER(update(write, name.path, state));
  }
  states_[name.path] = std::move(state);
  return result;
}

std::vector<Overlay::Change> WriteSet::changes() const {
  std::vector<Overlay::Change> changes;
  for (const auto& [path, state] : states_) {
    if (state.has_changed) changes.push_back({database_, document_key(path), state.record});
  }
  return changes;
}

Answer<WriteSet::State> WriteSet::load(const std::string& path) {
  const auto known = states_.find(path);
  if (known != states_.end()) return known->second;
  State state;
  std::optional<Bytes> record =
      ANSWER(documents_.find(database_, document_key(path), commit_time_));
  if (!record) return state;
  state.document = ANSWER(decoder_.decode(*record));
  state.record = *std::move(record);
  return state;
}

absl::Status WriteSet::check(const api::Precondition& precondition, const std::string& name,
                             const State& state) const {
  const bool exists = state.document.has_value();
  if (precondition.condition_type_case() == api::Precondition::kExists) {
    if (precondition.exists() == exists) return {};
    if (exists) {
      return refuse(absl::StatusCode::kAlreadyExists, "Document already exists: {}", name);
    }
    return refuse(absl::StatusCode::kNotFound, "No document to update: {}", name);
  }
  if (precondition.condition_type_case() != api::Precondition::kUpdateTime) return {};
  const std::optional<FirestoreTime> wanted = to_time(precondition.update_time());
  if (!wanted || precondition.update_time().nanos() % 1000 != 0) {
    return invalid("The update time of a precondition must be aligned to microseconds.");
  }
  if (*wanted > commit_time_) {
    return invalid("The update time of a precondition cannot be in the future.");
  }
  FirestoreTime stored;
  if (exists) stored = to_time(state.document->update_time()).value_or(stored);
  if (exists && stored == *wanted) return {};
  return refuse(absl::StatusCode::kFailedPrecondition,
                "the stored version ({}) does not match the required base version ({})",
                stored.time_since_epoch().count(), wanted->time_since_epoch().count());
}

Answer<api::WriteResult> WriteSet::update(const api::Write& write, const std::string& path,
                                          State& state) {
  const Bytes before = state.record;
  if (!state.document) {
    state.document.emplace();
    state.document->set_name(to_string(DocumentName{database_, path}));
    *state.document->mutable_create_time() = to_message(commit_time_);
    *state.document->mutable_update_time() = to_message(commit_time_);
  }
  Fields& fields = *state.document->mutable_fields();
  ANSWER(put_fields(write, fields));
  const auto& transforms =
      write.has_transform() ? write.transform().field_transforms() : write.update_transforms();
  if (transforms.size() > kTransformsMax) {
    return invalid("A write has more than {} transforms.", kTransformsMax);
  }
  api::WriteResult result;
  for (const api::DocumentTransform::FieldTransform& transform : transforms) {
    *result.add_transform_results() =
        ANSWER(apply_transform(transform, commit_time_, values_, fields));
  }
  ANSWER(accept_fields({database_, path}, fields));
  ANSWER(encode(state, before));
  *result.mutable_update_time() = state.document->update_time();
  return result;
}

// A write that changes nothing keeps the time of the last one that did.
absl::Status WriteSet::encode(State& state, const Bytes& before) {
  const auto record_of = [&]() -> Answer<Bytes> {
    const std::string message = state.document->SerializeAsString();
    const Result<void> done = encoder_.encode(as_bytes(message));
    if (!done.ok()) return invalid("{}", done.error().message());
    return Bytes(encoder_.record().begin(), encoder_.record().end());
  };
  state.record = ANSWER(record_of());
  if (state.record == before) return {};
  *state.document->mutable_update_time() = to_message(commit_time_);
  state.record = ANSWER(record_of());
  state.has_changed = true;
  return {};
}

}  // namespace firebreak
