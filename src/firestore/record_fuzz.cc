// Documents as a service may send them: what is taken becomes a record that reads back, and that,
// written out and sent again, is the same record.
#include "base/check.h"
#include "firestore/record.h"
#include "firestore/value_fields.h"

namespace firebreak {
namespace {

constexpr const char* kDocuments = "projects/p/databases/d/documents";

void append_time(std::string& document, std::uint32_t number, FirestoreTime time) {
  const std::string message = to_message(time).SerializeAsString();
  BackwardWriter field;
  field.bytes(as_bytes(message));
  field.close(number, 0);
  document += as_text(field.view());
}

void check(ByteView input) {
  (void)RecordView::parse(input).ok();
  RecordEncoder encoder(kDocuments);
  if (!encoder.encode(input).ok()) return;
  const std::string record = to_text(encoder.record());
  const Result<RecordView> view = RecordView::parse(as_bytes(record));
  CHECK(view.ok());
  CHECK(view->path() == encoder.path());

  RecordDecoder decoder(kDocuments, {});
  const Result<ByteView> decoded = decoder.decode(as_bytes(record));
  CHECK(decoded.ok());
  // Fields that nobody knows are not written back, at the top of a document alone.
  if (encoder.unknown_fields() > 0) return;
  std::string document = to_text(*decoded);
  append_time(document, kDocumentCreateTime, view->create_time());
  append_time(document, kDocumentUpdateTime, view->update_time());
  CHECK(encoder.encode(as_bytes(document)).ok());
  CHECK(as_text(encoder.record()) == record);
}

}  // namespace
}  // namespace firebreak

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firebreak::check({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
