#include "standby/firestore_service.h"

#include <set>

#include "base/random.h"
#include "base/text.h"
#include "firestore/document_key.h"
#include "standby/aggregate.h"
#include "standby/limits.h"
#include "standby/listing.h"
#include "standby/names.h"
#include "standby/partition.h"
#include "standby/reading.h"

namespace firebreak {
namespace {

grpc::Status to_grpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

absl::Status check_size(const google::protobuf::Message& request) {
  if (request.ByteSizeLong() <= kRequestBytesMax) return {};
  return invalid("Request payload size exceeds the limit: {} bytes.", kRequestBytesMax);
}

template <typename Request>
absl::Status refuse_to_explain(const Request& request) {
  if (!request.has_explain_options()) return {};
  return refuse(absl::StatusCode::kUnimplemented, "Queries are not explained: all are scans.");
}

absl::Status get_document(Store& store, const api::GetDocumentRequest& request,
                          api::Document& response) {
  const DocumentName name = ANSWER(parse_document_name(request.name()));
  const auto mask = ANSWER(mask_of(request));
  const Reading reading = ANSWER(reading_of(store, name.database, request));
  const std::string key = document_key(name.path);
  note_document(store, reading, key);
  const std::optional<Bytes> record =
      ANSWER(store.documents().find(name.database, key, reading.time));
  if (!record) {
    return refuse(absl::StatusCode::kNotFound, "Document \"{}\" not found.", request.name());
  }
  DocumentDecoder decoder(name.database);
  response = ANSWER(decode(decoder, *record, mask));
  return {};
}

absl::Status batch_get(Store& store, const api::BatchGetDocumentsRequest& request,
                       grpc::ServerWriter<api::BatchGetDocumentsResponse>& writer) {
  ANSWER(check_database_name(request.database()));
  const auto mask = ANSWER(mask_of(request));
  std::vector<DocumentName> names;
  for (const std::string& text : request.documents()) {
    names.push_back(ANSWER(parse_document_name(text)));
    if (names.back().database != request.database()) {
      return invalid("The document {} is not in {}.", printable(text), request.database());
    }
  }
  const Reading reading = ANSWER(reading_of(store, request.database(), request));
  api::BatchGetDocumentsResponse response;
  if (reading.is_new) {
    response.set_transaction(reading.transaction);
    if (names.empty() && !writer.Write(response)) return absl::CancelledError();
  }
  DocumentDecoder decoder(request.database());
  std::set<std::string> seen;
  for (const DocumentName& name : names) {
    if (!seen.insert(name.path).second) continue;
    const std::string key = document_key(name.path);
    note_document(store, reading, key);
    const std::optional<Bytes> record =
        ANSWER(store.documents().find(name.database, key, reading.time));
    if (record) {
      *response.mutable_found() = ANSWER(decode(decoder, *record, mask));
    } else {
      response.set_missing(to_string(name));
    }
    *response.mutable_read_time() = to_message(reading.time);
    if (!writer.Write(response)) return absl::CancelledError();
    response.Clear();
  }
  return {};
}

absl::Status run_query(Store& store, const api::RunQueryRequest& request,
                       grpc::ServerWriter<api::RunQueryResponse>& writer) {
  const DocumentName parent = ANSWER(parse_parent(request.parent()));
  ANSWER(refuse_to_explain(request));
  Values values(parent.database);
  const Query query = ANSWER(parse_query(parent.path, request.structured_query(), values));
  const Reading reading = ANSWER(reading_of(store, parent.database, request));
  api::RunQueryResponse response;
  if (reading.is_new) {
    response.set_transaction(reading.transaction);
    if (!writer.Write(response)) return absl::CancelledError();
    response.Clear();
  }
  const Moment moment{store.documents(), parent.database, reading.time};
  Scan scan = ANSWER(begin_scan(moment, query));
  note_scan(store, reading, scan);
  DocumentDecoder decoder(parent.database);
  bool is_empty = true;
  const EachRecord send = [&](ByteView record) -> Answer<bool> {
    if (is_empty) response.set_skipped_results(static_cast<std::int32_t>(query.offset));
    is_empty = false;
    *response.mutable_document() = ANSWER(decode(decoder, record, query.projection));
    *response.mutable_read_time() = to_message(reading.time);
    if (!writer.Write(response)) return absl::CancelledError();
    response.Clear();
    return true;
  };
  const std::int64_t skipped = ANSWER(run_query(moment, query, std::move(scan), send));
  if (!is_empty) return {};
  response.set_skipped_results(static_cast<std::int32_t>(skipped));
  *response.mutable_read_time() = to_message(reading.time);
  return writer.Write(response) ? absl::Status() : absl::CancelledError();
}

absl::Status run_aggregation(Store& store, const api::RunAggregationQueryRequest& request,
                             grpc::ServerWriter<api::RunAggregationQueryResponse>& writer) {
  const DocumentName parent = ANSWER(parse_parent(request.parent()));
  ANSWER(refuse_to_explain(request));
  const api::StructuredAggregationQuery& asked = request.structured_aggregation_query();
  Values values(parent.database);
  const std::vector<Aggregation> aggregations = ANSWER(parse_aggregations(asked));
  const Query query = ANSWER(parse_query(parent.path, asked.structured_query(), values));
  const Reading reading = ANSWER(reading_of(store, parent.database, request));
  const Moment moment{store.documents(), parent.database, reading.time};
  Scan scan = ANSWER(begin_scan(moment, query));
  note_scan(store, reading, scan);
  const Fields fields = ANSWER(aggregate(aggregations, moment, query, std::move(scan)));
  api::RunAggregationQueryResponse response;
  if (reading.is_new) response.set_transaction(reading.transaction);
  *response.mutable_result()->mutable_aggregate_fields() = fields;
  *response.mutable_read_time() = to_message(reading.time);
  return writer.Write(response) ? absl::Status() : absl::CancelledError();
}

// One write that answers with the document.
template <typename Request>
absl::Status write_document(Store& store, const DocumentName& name, api::Write write,
                            const Request& request, api::Document& response) {
  const auto mask = ANSWER(mask_of(request));
  api::CommitRequest commit;
  commit.set_database(name.database);
  *commit.add_writes() = std::move(write);
  ANSWER(store.commit(commit));
  const std::optional<Bytes> record =
      ANSWER(store.documents().find(name.database, document_key(name.path), store.now()));
  if (!record) return absl::AbortedError("The document was deleted at once.");
  DocumentDecoder decoder(name.database);
  response = ANSWER(decode(decoder, *record, mask));
  return {};
}

std::string new_document_id() {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::byte random[20];
  fill_secret(random);
  std::string id;
  for (const std::byte byte : random) {
    id += kLetters[std::to_integer<std::size_t>(byte) % kLetters.size()];
  }
  return id;
}

}  // namespace

grpc::Status FirestoreService::GetDocument(grpc::ServerContext*,
                                           const api::GetDocumentRequest* request,
                                           api::Document* response) {
  return to_grpc(get_document(store_, *request, *response));
}

grpc::Status FirestoreService::ListDocuments(grpc::ServerContext*,
                                             const api::ListDocumentsRequest* request,
                                             api::ListDocumentsResponse* response) {
  return to_grpc(list_documents(store_, *request, *response));
}

grpc::Status FirestoreService::CreateDocument(grpc::ServerContext*,
                                              const api::CreateDocumentRequest* request,
                                              api::Document* response) {
  const std::string id =
      request->document_id().empty() ? new_document_id() : request->document_id();
  api::Write write;
  *write.mutable_update() = request->document();
  write.mutable_update()->set_name(
      fmt::format("{}/{}/{}", request->parent(), request->collection_id(), id));
  write.mutable_current_document()->set_exists(false);
  const Answer<DocumentName> name = parse_document_name(write.update().name());
  if (!name.ok()) return to_grpc(name.status());
  return to_grpc(write_document(store_, *name, std::move(write), *request, *response));
}

grpc::Status FirestoreService::UpdateDocument(grpc::ServerContext*,
                                              const api::UpdateDocumentRequest* request,
                                              api::Document* response) {
  api::Write write;
  *write.mutable_update() = request->document();
  if (request->has_update_mask()) *write.mutable_update_mask() = request->update_mask();
  if (request->has_current_document()) {
    *write.mutable_current_document() = request->current_document();
  }
  const Answer<DocumentName> name = parse_document_name(write.update().name());
  if (!name.ok()) return to_grpc(name.status());
  return to_grpc(write_document(store_, *name, std::move(write), *request, *response));
}

grpc::Status FirestoreService::DeleteDocument(grpc::ServerContext*,
                                              const api::DeleteDocumentRequest* request,
                                              google::protobuf::Empty*) {
  const Answer<DocumentName> name = parse_document_name(request->name());
  if (!name.ok()) return to_grpc(name.status());
  api::CommitRequest commit;
  commit.set_database(name->database);
  api::Write& write = *commit.add_writes();
  write.set_delete_(request->name());
  if (request->has_current_document()) {
    *write.mutable_current_document() = request->current_document();
  }
  return to_grpc(store_.commit(commit).status());
}

grpc::Status FirestoreService::BatchGetDocuments(
    grpc::ServerContext*, const api::BatchGetDocumentsRequest* request,
    grpc::ServerWriter<api::BatchGetDocumentsResponse>* writer) {
  return to_grpc(batch_get(store_, *request, *writer));
}

grpc::Status FirestoreService::BeginTransaction(grpc::ServerContext*,
                                                const api::BeginTransactionRequest* request,
                                                api::BeginTransactionResponse* response) {
  Answer<Store::Begun> begun = store_.begin(request->database(), request->options());
  if (begun.ok()) response->set_transaction(begun->id);
  return to_grpc(begun.status());
}

grpc::Status FirestoreService::Commit(grpc::ServerContext*, const api::CommitRequest* request,
                                      api::CommitResponse* response) {
  const absl::Status size = check_size(*request);
  if (!size.ok()) return to_grpc(size);
  Answer<api::CommitResponse> committed = store_.commit(*request);
  if (!committed.ok()) return to_grpc(committed.status());
  *response = *std::move(committed);
  return grpc::Status::OK;
}

grpc::Status FirestoreService::Rollback(grpc::ServerContext*, const api::RollbackRequest* request,
                                        google::protobuf::Empty*) {
  store_.roll_back(request->transaction());
  return {};
}

grpc::Status FirestoreService::BatchWrite(grpc::ServerContext*,
                                          const api::BatchWriteRequest* request,
                                          api::BatchWriteResponse* response) {
  const absl::Status size = check_size(*request);
  if (!size.ok()) return to_grpc(size);
  Answer<api::BatchWriteResponse> written = store_.batch_write(*request);
  if (!written.ok()) return to_grpc(written.status());
  *response = *std::move(written);
  return grpc::Status::OK;
}

grpc::Status FirestoreService::RunQuery(grpc::ServerContext*, const api::RunQueryRequest* request,
                                        grpc::ServerWriter<api::RunQueryResponse>* writer) {
  return to_grpc(run_query(store_, *request, *writer));
}

grpc::Status FirestoreService::RunAggregationQuery(
    grpc::ServerContext*, const api::RunAggregationQueryRequest* request,
    grpc::ServerWriter<api::RunAggregationQueryResponse>* writer) {
  return to_grpc(run_aggregation(store_, *request, *writer));
}

grpc::Status FirestoreService::PartitionQuery(grpc::ServerContext*,
                                              const api::PartitionQueryRequest* request,
                                              api::PartitionQueryResponse* response) {
  return to_grpc(partition_query(store_, *request, *response));
}

grpc::Status FirestoreService::ListCollectionIds(grpc::ServerContext*,
                                                 const api::ListCollectionIdsRequest* request,
                                                 api::ListCollectionIdsResponse* response) {
  return to_grpc(list_collection_ids(store_, *request, *response));
}

}  // namespace firebreak
