#include "firestore/document_reader.h"

#include "firestore/value_fields.h"
#include "firestore/wire.h"

namespace firebreak {
namespace {

constexpr std::uint32_t kAnswerDocument = 1;  // of a RunQueryResponse

using Query = firestore_api::StructuredQuery;

void add_bound(Query& query, Query::FieldFilter::Operator op, const std::string& name) {
  auto& both = *query.mutable_where()->mutable_composite_filter();
  both.set_op(Query::CompositeFilter::AND);
  auto& bound = *both.add_filters()->mutable_field_filter();
  bound.mutable_field()->set_field_path("__name__");
  bound.set_op(op);
  bound.mutable_value()->set_reference_value(name);
}

Error unreadable() {
  return error(Code::Corrupt, "RunQuery: an answer cannot be read").on(Side::Source);
}

}  // namespace

DocumentReader::DocumentReader(FirestoreClient& client, PathRange range, FirestoreTime at)
    : client_(client), range_(std::move(range)), at_(at), answers_(client) {}

firestore_api::RunQueryRequest DocumentReader::request() const {
  const std::string documents = client_.database().documents();
  firestore_api::RunQueryRequest request;
  request.set_parent(documents);
  *request.mutable_read_time() = to_message(at_);
  Query& query = *request.mutable_structured_query();
  query.add_from()->set_all_descendants(true);
  Query::Order& order = *query.add_order_by();
  order.mutable_field()->set_field_path("__name__");
  order.set_direction(Query::ASCENDING);
  if (!range_.begin.empty()) {
    add_bound(query, Query::FieldFilter::GREATER_THAN_OR_EQUAL, documents + "/" + range_.begin);
  }
  if (!range_.end.empty()) {
    add_bound(query, Query::FieldFilter::LESS_THAN, documents + "/" + range_.end);
  }
  if (!last_name_.empty()) {
    query.mutable_start_at()->add_values()->set_reference_value(last_name_);
    query.mutable_start_at()->set_before(false);
  }
  return request;
}

Result<std::optional<ByteView>> DocumentReader::next(std::stop_token stop) {
  for (;;) {
    const std::optional<ByteView> answer =
        TRY(answers_.next([&] { return client_.run_query(request(), stop); }, stop));
    if (!answer) return answer;
    const std::optional<ByteView> document = TRY(document_of(*answer));
    if (document) return document;
  }
}

// Nothing where the answer only tells how far the service has come.
Result<std::optional<ByteView>> DocumentReader::document_of(ByteView answer) {
  std::optional<ByteView> document;
  WireReader reader(answer);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number == kAnswerDocument && field->type == WireType::Delimited) {
      document = field->bytes;
    }
  }
  if (!reader.intact()) return unreadable();
  if (!document) return document;
  WireReader inner(*document);
  const std::optional<WireField> name = inner.next();
  if (!name || name->number != kDocumentName || name->type != WireType::Delimited) {
    return unreadable();
  }
  last_name_ = as_text(name->bytes);
  return document;
}

}  // namespace firebreak
