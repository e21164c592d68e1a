// Calls to one Firestore database. Thread-safe.
#pragma once

#include <atomic>
#include <google/firestore/v1/firestore.grpc.pb.h>
#include <memory>
#include <vector>

#include "base/environment.h"
#include "base/retry.h"
#include "firestore/answer_stream.h"
#include "firestore/database_name.h"
#include "firestore/firestore_time.h"

namespace firebreak {

namespace firestore_api = google::firestore::v1;

class FirestoreClient {
 public:
  struct Options {
    std::string emulator;  // HOST:PORT of a server that is not Google's
    RetryPolicy retries = {};
  };
  // Connects when it is first used. Borrows the clock.
  FirestoreClient(DatabaseName database, Options options, Clock& clock);

  const DatabaseName& database() const { return database_; }
  // For people: "the emulator at 127.0.0.1:8080".
  std::string endpoint() const { return "the emulator at " + options_.emulator; }

  // Tried again while Unavailable, where nothing else is said; their errors are to_error()'s.
  Result<firestore_api::ListCollectionIdsResponse> list_collection_ids(
      const firestore_api::ListCollectionIdsRequest& request, std::stop_token stop);
  Result<firestore_api::PartitionQueryResponse> partition_query(
      const firestore_api::PartitionQueryRequest& request, std::stop_token stop);

  // Not tried again as a whole: the answer has a status for each write.
  Result<firestore_api::BatchWriteResponse> batch_write(
      const firestore_api::BatchWriteRequest& request, std::stop_token stop);
  // NotFound where there is no such document.
  Result<firestore_api::Document> get_document(const firestore_api::GetDocumentRequest& request,
                                               std::stop_token stop);

  // One try: a caller that has seen some answers asks for the rest only. They are
  // RunQueryResponses.
  std::unique_ptr<AnswerStream> run_query(const firestore_api::RunQueryRequest& request,
                                          std::stop_token stop);
  Tries tries();
  // Of the service: a time at which everything committed so far is seen. One document read.
  Result<FirestoreTime> present(std::stop_token stop);

 private:
  using Stub = firestore_api::Firestore::Stub;
  struct Channel {
    std::unique_ptr<Stub> stub;
    std::unique_ptr<grpc::GenericStub> generic;
  };

  Channel& channel() { return channels_[next_channel_++ % channels_.size()]; }
  void prepare(grpc::ClientContext& context) const;
  template <typename Request, typename Response>
  Result<Response> call_once(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                             std::string_view name, const Request& request, std::stop_token stop);
  template <typename Request, typename Response>
  Result<Response> call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                        std::string_view name, const Request& request, std::stop_token stop);

  const DatabaseName database_;
  const Options options_;
  Clock& clock_;
  std::vector<Channel> channels_;
  std::atomic<std::size_t> next_channel_ = 0;
  std::atomic<std::uint64_t> next_seed_;
};

// Where FIRESTORE_EMULATOR_HOST points; Invalid where that is no HOST:PORT, or not set.
Result<std::string> emulator_address(const Environment& environment);

}  // namespace firebreak
