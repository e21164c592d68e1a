#include "standby/listing.h"

#include <absl/strings/numbers.h>

#include "base/text.h"
#include "firestore/document_path.h"
#include "standby/children.h"
#include "standby/names.h"
#include "standby/reading.h"

namespace firebreak {
namespace {

constexpr int kPageSize = 100;
constexpr int kPageSizeMax = 300;

Answer<int> page_size_of(std::int32_t wanted) {
  if (wanted < 0) return invalid("The page size is negative.");
  return wanted == 0 ? kPageSize : std::min(wanted, kPageSizeMax);
}

absl::Status wrong_token(std::string_view token) {
  return invalid("The page token \"{}\" is not one of this list.", printable(token));
}

// All documents, missing ones too: a token is the last path.
absl::Status list_with_missing(Store& store, const api::ListDocumentsRequest& request,
                               const DocumentName& parent, api::ListDocumentsResponse& response) {
  if (!request.order_by().empty()) return invalid("show_missing cannot be combined with order_by.");
  if (request.collection_id().empty()) return invalid("show_missing needs a collection.");
  const int page_size = ANSWER(page_size_of(request.page_size()));
  const auto mask = ANSWER(mask_of(request));
  const Reading reading = ANSWER(reading_of(store, parent.database, request));
  const Moment moment{store.documents(), parent.database, reading.time};
  const std::string collection = parent.path.empty()
                                     ? request.collection_id()
                                     : fmt::format("{}/{}", parent.path, request.collection_id());
  const Result<void> legal = check_collection_path(collection);
  if (!legal.ok()) return invalid("\"{}\": {}.", printable(collection), legal.error().message());
  const std::string& after = request.page_token();
  if (!after.empty() &&
      (!check_document_path(after).ok() || collection_path(after) != collection)) {
    return wrong_token(after);
  }
  // Where a document is missing depends on all that may lie below it.
  if (!reading.transaction.empty()) store.note_read(reading.transaction, "", "\xff");
  Children children = ANSWER(Children::begin(moment, collection, after));
  DocumentDecoder decoder(parent.database);
  while (const std::optional<Children::Child> child = ANSWER(children.next())) {
    if (response.documents_size() == page_size) {
      const std::string& last = response.documents(page_size - 1).name();
      response.set_next_page_token(last.substr(documents_of(parent.database).size() + 1));
      break;
    }
    api::Document& document = *response.add_documents();
    if (child->record.empty()) {
      document.set_name(to_string(DocumentName{parent.database, child->path}));
    } else {
      document = ANSWER(decode(decoder, child->record, mask));
    }
  }
  return {};
}

// "priority desc, __name__ desc", as the query has it.
absl::Status add_orders(std::string_view text, api::StructuredQuery& query) {
  while (!text.empty()) {
    std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    api::StructuredQuery::Order& order = *query.add_order_by();
    order.set_direction(api::StructuredQuery::ASCENDING);
    for (const auto& [word, direction] : {std::pair(" asc", api::StructuredQuery::ASCENDING),
                                          std::pair(" desc", api::StructuredQuery::DESCENDING)}) {
      if (!one.ends_with(word)) continue;
      order.set_direction(direction);
      one.remove_suffix(std::string_view(word).size());
      break;
    }
    if (one.empty()) return invalid("An order of order_by names no field.");
    order.mutable_field()->set_field_path(std::string(one));
  }
  return {};
}

}  // namespace

absl::Status list_documents(Store& store, const api::ListDocumentsRequest& request,
                            api::ListDocumentsResponse& response) {
  const DocumentName parent = ANSWER(parse_parent(request.parent()));
  if (request.show_missing()) return list_with_missing(store, request, parent, response);
  const int page_size = ANSWER(page_size_of(request.page_size()));
  const auto mask = ANSWER(mask_of(request));
  api::StructuredQuery structured;
  structured.add_from()->set_collection_id(request.collection_id());
  ANSWER(add_orders(request.order_by(), structured));
  Values values(parent.database);
  Query query = ANSWER(parse_query(parent.path, structured, values));
  // A token is how many documents came before.
  std::int32_t before = 0;
  if (!request.page_token().empty() &&
      (!absl::SimpleAtoi(request.page_token(), &before) || before < 0)) {
    return wrong_token(request.page_token());
  }
  query.offset = before;
  query.limit = page_size + 1;
  const Reading reading = ANSWER(reading_of(store, parent.database, request));
  DocumentDecoder decoder(parent.database);
  const EachRecord add = [&](ByteView record) -> Answer<bool> {
    if (response.documents_size() == page_size) {
      response.set_next_page_token(std::to_string(query.offset + page_size));
      return false;
    }
    *response.add_documents() = ANSWER(decode(decoder, record, mask));
    return true;
  };
  const Moment moment{store.documents(), parent.database, reading.time};
  Scan scan = ANSWER(begin_scan(moment, query));
  note_scan(store, reading, scan);
  return run_query(moment, query, std::move(scan), add).status();
}

absl::Status list_collection_ids(Store& store, const api::ListCollectionIdsRequest& request,
                                 api::ListCollectionIdsResponse& response) {
  const DocumentName parent = ANSWER(parse_parent(request.parent()));
  const int page_size = ANSWER(page_size_of(request.page_size()));
  const Reading reading = ANSWER(reading_of(store, parent.database, request));
  const Moment moment{store.documents(), parent.database, reading.time};
  for (const std::string& id : ANSWER(collections_below(moment, parent.path))) {
    if (id <= request.page_token()) continue;
    if (response.collection_ids_size() == page_size) {
      response.set_next_page_token(response.collection_ids(page_size - 1));
      break;
    }
    response.add_collection_ids(id);
  }
  return {};
}

}  // namespace firebreak
