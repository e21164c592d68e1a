#include "firestore/record.h"

#include "base/text.h"
#include "firestore/document_path.h"
#include "firestore/value_fields.h"

namespace firebreak {
namespace {

constexpr std::uint32_t kRecordDocument = 1;
constexpr std::uint32_t kRecordGone = 2;
constexpr std::uint32_t kGonePath = 1;
constexpr std::uint32_t kGoneObserved = 2;
constexpr std::string_view kOwn = "/";  // what references into the own database begin with

Error broken_record(std::string_view why) {
  return error(Code::Corrupt, "a record is broken: {}", why);
}

Result<FirestoreTime> time_of(ByteView timestamp) {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  WireReader reader(timestamp);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->type != WireType::Varint) return broken_record("a time has no numbers");
    if (field->number == kTimeSeconds) seconds = static_cast<std::int64_t>(field->number_value);
    if (field->number == kTimeNanoseconds)
      nanoseconds = static_cast<std::int64_t>(field->number_value);
  }
  constexpr std::int64_t kYear1 = -62135596800;
  constexpr std::int64_t kYear10000 = 253402300800;
  if (!reader.intact() || seconds < kYear1 || seconds >= kYear10000 || nanoseconds < 0 ||
      nanoseconds >= 1'000'000'000) {
    return broken_record("a time lies outside the years 1 to 9999");
  }
  return FirestoreTime(std::chrono::seconds(seconds) +
                       std::chrono::microseconds(nanoseconds / 1000));
}

// Firestore keeps microseconds; finer ones were rounded down when it took them.
void put_time(std::uint32_t number, FirestoreTime time, BackwardWriter& to) {
  const std::size_t end = to.size();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto nanoseconds = std::chrono::nanoseconds(time - seconds).count();
  if (nanoseconds != 0) {
    to.varint(static_cast<std::uint64_t>(nanoseconds));
    to.tag(kTimeNanoseconds, WireType::Varint);
  }
  if (seconds.time_since_epoch().count() != 0) {
    to.varint(static_cast<std::uint64_t>(seconds.time_since_epoch().count()));
    to.tag(kTimeSeconds, WireType::Varint);
  }
  to.close(number, end);
}

}  // namespace

RecordEncoder::RecordEncoder(std::string documents)
    : prefix_(std::move(documents) + "/"),
      canonical_({{prefix_, std::string(kOwn)}, {std::string(kOwn), std::nullopt}}) {}

Result<void> RecordEncoder::encode(ByteView document) {
  Result<void> done = try_to_encode(document);
  if (done.ok()) return done;
  return std::move(done).error().on(Side::Source);
}

Result<void> RecordEncoder::try_to_encode(ByteView document) {
  writer_.clear();
  std::string_view name;
  std::optional<ByteView> create;
  std::optional<ByteView> update;
  std::vector<ByteView> unknown;
  WireReader reader(document);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->type != WireType::Delimited || field->number > kDocumentUpdateTime) {
      unknown.push_back(field->whole);
    } else if (field->number == kDocumentName) {
      name = as_text(field->bytes);
    } else if (field->number == kDocumentCreateTime) {
      create = field->bytes;
    } else if (field->number == kDocumentUpdateTime) {
      update = field->bytes;
    }
  }
  if (!reader.intact()) return error(Code::Corrupt, "a document is cut off");
  if (!name.starts_with(prefix_)) {
    return error(Code::Corrupt, "the document \"{}\" is of another database", printable(name));
  }
  path_ = name.substr(prefix_.size());
  const Result<void> legal = check_document_path(path_);
  if (!legal.ok()) return error(Code::Corrupt, "a document's path: {}", legal.error().message());

  if (!create || !update) return error(Code::Corrupt, "a document has no times");
  const FirestoreTime created = TRY(time_of(*create));
  const FirestoreTime updated = TRY(time_of(*update));
  canonical_.put_unknown(unknown, writer_);
  put_time(kDocumentUpdateTime, updated, writer_);
  put_time(kDocumentCreateTime, created, writer_);
  TRY(canonical_.put_map(kDocumentFields, document, writer_));
  const std::size_t before_fields = writer_.size();
  writer_.bytes(as_bytes(path_));
  writer_.close(kDocumentName, before_fields);
  writer_.close(kRecordDocument, 0);
  return {};
}

Result<RecordView> RecordView::parse(ByteView record) {
  WireReader outer(record);
  const std::optional<WireField> only = outer.next();
  if (!only || only->type != WireType::Delimited || only->whole.size() != record.size() ||
      (only->number != kRecordDocument && only->number != kRecordGone)) {
    return broken_record("it is neither a document nor that one is gone");
  }
  RecordView view;
  view.is_tombstone_ = only->number == kRecordGone;
  WireReader inner(only->bytes);
  while (const std::optional<WireField> field = inner.next()) {
    if (field->type != WireType::Delimited) continue;
    if (view.is_tombstone_) {
      if (field->number == kGonePath) view.path_ = as_text(field->bytes);
      if (field->number == kGoneObserved) view.update_ = TRY(time_of(field->bytes));
      continue;
    }
    switch (field->number) {
      case kDocumentName:
        view.path_ = as_text(field->bytes);
        break;
      case kDocumentFields:
        // One after the other, as Canonical writes them.
        if (view.fields_.empty()) view.fields_ = field->whole.first(0);
        view.fields_ = ByteView(view.fields_.data(), field->whole.data() + field->whole.size());
        break;
      case kDocumentCreateTime:
        view.create_ = TRY(time_of(field->bytes));
        break;
      case kDocumentUpdateTime:
        view.update_ = TRY(time_of(field->bytes));
        break;
      default:
        break;
    }
  }
  if (!inner.intact()) return broken_record("it is cut off");
  Result<void> legal = check_document_path(view.path_);
  if (!legal.ok()) return broken_record(legal.error().message());
  return view;
}

RecordDecoder::RecordDecoder(std::string documents, std::vector<ReferenceRule> rules)
    : prefix_(std::move(documents) + "/"), canonical_([&] {
        rules.insert(rules.begin(), {std::string(kOwn), prefix_});
        return std::move(rules);
      }()) {}

Result<ByteView> RecordDecoder::decode(ByteView record) {
  const RecordView view = TRY(RecordView::parse(record));
  if (view.is_tombstone()) return broken_record("a tombstone where a document is due");
  writer_.clear();
  TRY(canonical_.put_map(kDocumentFields, view.fields(), writer_));
  const std::size_t end = writer_.size();
  writer_.bytes(as_bytes(view.path()));
  writer_.bytes(as_bytes(prefix_));
  writer_.close(kDocumentName, end);
  return writer_.view();
}

}  // namespace firebreak
