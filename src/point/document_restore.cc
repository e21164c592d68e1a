#include "point/document_restore.h"

#include <algorithm>
#include <limits>

#include "base/task_group.h"
#include "firestore/document_key.h"
#include "firestore/document_path.h"
#include "firestore/partitions.h"
#include "firestore/value.h"
#include "point/name_order.h"

namespace firebreak {
namespace {

constexpr std::size_t kPartsPerWorker = 8;
constexpr std::string_view kFirstDocumentId = "__id-9223372036854775808__";

// What a database has, document by document; the record holds until the next.
class Live {
 public:
  Live(FirestoreClient& client, PathRange range, FirestoreTime at)
      : reader_(client, std::move(range), at), encoder_(client.database().documents()) {}

  Result<void> next(std::stop_token stop) {
    const std::optional<ByteView> document = TRY(reader_.next(stop));
    is_at_end_ = !document;
    if (is_at_end_) return {};
    TRY(encoder_.encode(*document));
    name_key_ = firebreak::name_key(encoder_.path());
    return {};
  }
  bool is_at_end() const { return is_at_end_; }
  const std::string& name_key() const { return name_key_; }
  ByteView record() const { return encoder_.record(); }

 private:
  DocumentReader reader_;
  RecordEncoder encoder_;
  std::string name_key_;
  bool is_at_end_ = false;
};

class DocumentRestore {
 public:
  DocumentRestore(const DocumentTree& point, const std::vector<std::string>& collection_ids,
                  FirestoreClient& target, const DocumentRestoreOptions& options,
                  ProjectRestoreProgress& progress, Clock& clock)
      : point_(point),
        collection_ids_(collection_ids),
        target_(target),
        options_(options),
        progress_(progress),
        ramp_(options.initial_rate, clock),
        seed_(static_cast<std::uint64_t>(clock.now().time_since_epoch().count())) {}

  Result<void> run(std::stop_token stop);

 private:
  Result<void> restore_parts(std::stop_token stop);
  Result<void> restore_part(const PathRange& range, DocumentWriter& writer, std::stop_token stop);
  Result<void> create(ByteView wanted, DocumentWriter& writer, std::stop_token stop);
  Result<void> change(ByteView wanted, ByteView there, DocumentWriter& writer,
                      std::stop_token stop);
  Result<void> remove(ByteView there, DocumentWriter& writer, std::stop_token stop);
  Result<void> write(RestoreAction action, ByteView record, const RecordView& named,
                     std::optional<FirestoreTime> replaces, DocumentWriter& writer,
                     std::stop_token stop);
  void tell(RestoreAction action, std::string_view path);
  Result<void> end(const DocumentWrite& write, WriteEnd end, std::string_view why);

  const DocumentTree& point_;
  const std::vector<std::string>& collection_ids_;
  FirestoreClient& target_;
  const DocumentRestoreOptions& options_;
  ProjectRestoreProgress& progress_;
  WriteRamp ramp_;
  std::atomic<std::uint64_t> seed_;
  std::vector<PathRange> ranges_;
  std::atomic<std::size_t> next_range_ = 0;
};

void DocumentRestore::tell(RestoreAction action, std::string_view path) {
  progress_.count(action);
  if (options_.on_document) options_.on_document(action, path);
}

Result<void> DocumentRestore::end(const DocumentWrite& write, WriteEnd end, std::string_view why) {
  ++(end == WriteEnd::Written    ? progress_.written
     : end == WriteEnd::Conflict ? progress_.conflicts
                                 : progress_.refused);
  if (end != WriteEnd::Written && options_.on_failure) options_.on_failure(write, end, why);
  return {};
}

Result<void> DocumentRestore::write(RestoreAction action, ByteView record, const RecordView& named,
                                    std::optional<FirestoreTime> replaces, DocumentWriter& writer,
                                    std::stop_token stop) {
  tell(action, named.path());
  if (options_.dry_run) return {};
  DocumentWrite write{std::string(named.path()), {}, replaces};
  append(write.record, record);
  return writer.add(std::move(write), stop);
}

Result<void> DocumentRestore::create(ByteView wanted, DocumentWriter& writer,
                                     std::stop_token stop) {
  const RecordView view = TRY(RecordView::parse(wanted));
  return write(RestoreAction::Create, wanted, view, std::nullopt, writer, stop);
}

Result<void> DocumentRestore::change(ByteView wanted, ByteView there, DocumentWriter& writer,
                                     std::stop_token stop) {
  const RecordView view = TRY(RecordView::parse(wanted));
  const RecordView present = TRY(RecordView::parse(there));
  if (as_text(view.fields()) == as_text(present.fields())) {
    tell(RestoreAction::Same, view.path());
    return {};
  }
  if (options_.mode == RestoreMode::Missing) {
    tell(RestoreAction::Keep, view.path());
    return {};
  }
  return write(RestoreAction::Change, wanted, view, present.update_time(), writer, stop);
}

Result<void> DocumentRestore::remove(ByteView there, DocumentWriter& writer, std::stop_token stop) {
  const RecordView present = TRY(RecordView::parse(there));
  if (options_.mode != RestoreMode::Exact) {
    tell(RestoreAction::Keep, present.path());
    return {};
  }
  return write(RestoreAction::Delete, {}, present, present.update_time(), writer, stop);
}

Result<void> DocumentRestore::restore_part(const PathRange& range, DocumentWriter& writer,
                                           std::stop_token stop) {
  NameOrder then = TRY(NameOrder::begin(point_, collection_ids_, range));
  // A time for each part, because the service does not keep old states for as long as the writing
  // of all may take.
  const FirestoreTime present = TRY(target_.present(stop));
  Live now(target_, range, present);
  TRY(now.next(stop));
  while (!then.is_at_end() || !now.is_at_end()) {
    if (stop.stop_requested()) return error(Code::Canceled, "stopped");
    const int order = then.is_at_end()  ? 1
                      : now.is_at_end() ? -1
                                        : then.name_key().compare(now.name_key());
    if (order <= 0) ++progress_.in_point;
    if (order >= 0) ++progress_.in_target;
    if (order < 0) {
      TRY(create(then.record(), writer, stop));
    } else if (order > 0) {
      TRY(remove(now.record(), writer, stop));
    } else {
      TRY(change(then.record(), now.record(), writer, stop));
    }
    if (order <= 0) TRY(then.next());
    if (order >= 0) TRY(now.next(stop));
  }
  return writer.flush(stop);
}

Result<void> DocumentRestore::restore_parts(std::stop_token stop) {
  DocumentWriter writer(target_, ramp_, seed_++,
                        [this](const DocumentWrite& write, WriteEnd end, std::string_view why) {
                          return this->end(write, end, why);
                        });
  for (;;) {
    const std::size_t number = next_range_++;
    if (number >= ranges_.size()) return {};
    TRY(restore_part(ranges_[number], writer, stop));
  }
}

// The part of `range` that lies in `within`; nothing where they do not meet.
std::optional<PathRange> common(const PathRange& range, const PathRange& within) {
  PathRange both = range;
  if (both.begin.empty() ||
      (!within.begin.empty() && compare_paths(both.begin, within.begin) < 0)) {
    both.begin = within.begin;
  }
  if (both.end.empty() || (!within.end.empty() && compare_paths(within.end, both.end) < 0)) {
    both.end = within.end;
  }
  if (!both.end.empty() && !both.begin.empty() && compare_paths(both.begin, both.end) >= 0) {
    return std::nullopt;
  }
  return both;
}

Result<void> DocumentRestore::run(std::stop_token stop) {
  const PathRange wanted = range_below(options_.path);
  const FirestoreTime present = TRY(target_.present(stop));
  // A document seldom has so much below it that parts would pay.
  const bool is_below_one = !options_.path.empty() && path_segments(options_.path).size() % 2 == 0;
  const std::size_t parts = is_below_one ? 1 : options_.workers * kPartsPerWorker;
  for (const PathRange& range : TRY(partition_database(target_, parts, present, stop))) {
    const std::optional<PathRange> both = common(range, wanted);
    if (both) ranges_.push_back(*both);
  }
  return run_workers(
      std::min(options_.workers, ranges_.size()),
      [this](std::stop_token stop_restoring) { return restore_parts(stop_restoring); }, stop);
}

// What comes behind a document and all below it, in the order of names.
std::string next_document(const std::string& path) {
  const std::string_view id = path_segments(path).back();
  const std::optional<std::int64_t> number = numeric_id(id);
  if (!number) return path + '\0';
  const std::string within = path.substr(0, path.size() - id.size());
  if (*number == std::numeric_limits<std::int64_t>::max()) return within + '\0';  // names follow
  return fmt::format("{}__id{}__", within, *number + 1);
}

}  // namespace

PathRange range_below(const std::string& path) {
  if (path.empty()) return {};
  if (path_segments(path).size() % 2 == 0) return {path, next_document(path)};
  const std::string next_collection = path + '\0';
  return {fmt::format("{}/{}", path, kFirstDocumentId),
          fmt::format("{}/{}", next_collection, kFirstDocumentId)};
}

Result<void> restore_documents(const DocumentTree& point,
                               const std::vector<std::string>& collection_ids,
                               FirestoreClient& target, const DocumentRestoreOptions& options,
                               ProjectRestoreProgress& progress, Clock& clock,
                               std::stop_token stop) {
  return DocumentRestore(point, collection_ids, target, options, progress, clock).run(stop);
}

}  // namespace firebreak
