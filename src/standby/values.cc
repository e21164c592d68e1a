#include "standby/values.h"

#include "standby/names.h"

namespace firebreak {
namespace {

std::vector<ReferenceRule> own_references(std::string_view database) {
  return {{documents_of(database) + "/", "/"}, {"/", std::nullopt}};
}

}  // namespace

Values::Values(std::string_view database)
    : canonical_(own_references(database)), order_(documents_of(database)) {}

Answer<Bytes> Values::encode(const api::Value& value) {
  BackwardWriter writer;
  const std::string message = value.SerializeAsString();
  const Result<void> done = canonical_.put_value(as_bytes(message), writer);
  if (!done.ok()) return invalid("{}", done.error().message());
  return Bytes(writer.view().begin(), writer.view().end());
}

Answer<std::weak_ordering> Values::compare(const api::Value& a, const api::Value& b) {
  const Bytes bytes_a = ANSWER(encode(a));
  const Bytes bytes_b = ANSWER(encode(b));
  return order_.compare(bytes_a, bytes_b);
}

DocumentDecoder::DocumentDecoder(std::string_view database)
    : decoder_(documents_of(database), {}) {}

Answer<api::Document> DocumentDecoder::decode(ByteView record) {
  const ByteView bytes = ANSWER(decoder_.decode(record));
  api::Document document;
  if (!document.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return refuse(absl::StatusCode::kDataLoss, "a stored document cannot be read");
  }
  const RecordView view = ANSWER(RecordView::parse(record));
  *document.mutable_create_time() = to_message(view.create_time());
  *document.mutable_update_time() = to_message(view.update_time());
  return document;
}

}  // namespace firebreak
