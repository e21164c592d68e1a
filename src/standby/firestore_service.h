// The gRPC API of Firestore, as its server clients use it, over a Store. It evaluates no Security
// Rules and asks for no credentials: whoever reaches it may do everything.
#pragma once

#include <google/firestore/v1/firestore.grpc.pb.h>
#include <memory>

#include "standby/store.h"

namespace firebreak {

class FirestoreService final : public api::Firestore::Service {
 public:
  // Borrows the store.
  explicit FirestoreService(Store& store) : store_(store) {}

  grpc::Status GetDocument(grpc::ServerContext* context, const api::GetDocumentRequest* request,
                           api::Document* response) override;
  grpc::Status ListDocuments(grpc::ServerContext* context, const api::ListDocumentsRequest* request,
                             api::ListDocumentsResponse* response) override;
  grpc::Status CreateDocument(grpc::ServerContext* context,
                              const api::CreateDocumentRequest* request,
                              api::Document* response) override;
  grpc::Status UpdateDocument(grpc::ServerContext* context,
                              const api::UpdateDocumentRequest* request,
                              api::Document* response) override;
  grpc::Status DeleteDocument(grpc::ServerContext* context,
                              const api::DeleteDocumentRequest* request,
                              google::protobuf::Empty* response) override;
  grpc::Status BatchGetDocuments(
      grpc::ServerContext* context, const api::BatchGetDocumentsRequest* request,
      grpc::ServerWriter<api::BatchGetDocumentsResponse>* writer) override;
  grpc::Status BeginTransaction(grpc::ServerContext* context,
                                const api::BeginTransactionRequest* request,
                                api::BeginTransactionResponse* response) override;
  grpc::Status Commit(grpc::ServerContext* context, const api::CommitRequest* request,
                      api::CommitResponse* response) override;
  grpc::Status Rollback(grpc::ServerContext* context, const api::RollbackRequest* request,
                        google::protobuf::Empty* response) override;
  grpc::Status BatchWrite(grpc::ServerContext* context, const api::BatchWriteRequest* request,
                          api::BatchWriteResponse* response) override;
  grpc::Status RunQuery(grpc::ServerContext* context, const api::RunQueryRequest* request,
                        grpc::ServerWriter<api::RunQueryResponse>* writer) override;
  grpc::Status RunAggregationQuery(
      grpc::ServerContext* context, const api::RunAggregationQueryRequest* request,
      grpc::ServerWriter<api::RunAggregationQueryResponse>* writer) override;
  grpc::Status PartitionQuery(grpc::ServerContext* context,
                              const api::PartitionQueryRequest* request,
                              api::PartitionQueryResponse* response) override;
  grpc::Status ListCollectionIds(grpc::ServerContext* context,
                                 const api::ListCollectionIdsRequest* request,
                                 api::ListCollectionIdsResponse* response) override;

 private:
  Store& store_;
};

}  // namespace firebreak
