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
#include "net/google_credentials.h"

namespace firebreak {

namespace firestore_api = google::firestore::v1;

class FirestoreClient {
 public:
  struct Options {
    std::string address;  // HOST:PORT
    // Nothing for an emulator, which is reached in the clear and must not be shown real ones.
    std::shared_ptr<GoogleCredentials> credentials = {};
    std::string ca_certificates = {};  // to trust, in PEM
    RetryPolicy retries = {};
  };
  // Connects when it is first used. Borrows the clock.
  FirestoreClient(DatabaseName database, Options options, Clock& clock);

  const DatabaseName& database() const { return database_; }
  bool is_emulator() const { return options_.credentials == nullptr; }
  // For people: "the emulator at 127.0.0.1:8080".
  std::string endpoint() const;

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
  // RunQueryResponses. The errors of GoogleCredentials::token(). A stream that ends Unauthenticated
  // may be asked for once more, with another token.
  Result<std::unique_ptr<AnswerStream>> run_query(const firestore_api::RunQueryRequest& request,
                                                  std::stop_token stop);
  Tries tries();
  // How many documents the database had at a time, of any collection, as the service counts them;
  // a read for every thousand. Invalid where it does not count all collections at once.
  Result<std::uint64_t> count(FirestoreTime at, std::stop_token stop);
  // Of the service: a time at which everything committed so far is seen. One document read.
  Result<FirestoreTime> present(std::stop_token stop);

 private:
  using Stub = firestore_api::Firestore::Stub;
  struct Channel {
    std::unique_ptr<Stub> stub;
    std::unique_ptr<grpc::GenericStub> generic;
  };

  Channel& channel() { return channels_[next_channel_++ % channels_.size()]; }
  Result<std::unique_ptr<AnswerStream>> start(std::string_view method,
                                              const google::protobuf::Message& request,
                                              std::stop_token stop);
  // The token that the call goes with; empty for an emulator.
  Result<std::string> prepare(grpc::ClientContext& context, std::stop_token stop) const;
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

// The answers of a query, over streams that break and tokens that expire. Not thread-safe.
class AnswerReader {
 public:
  explicit AnswerReader(FirestoreClient& client);

  // Asks for what is still wanted, at first and whenever a stream has broken.
  using Start = std::function<Result<std::unique_ptr<AnswerStream>>()>;
  // A serialised answer, until the next call; nothing behind the last.
  Result<std::optional<ByteView>> next(const Start& start, std::stop_token stop);

 private:
  FirestoreClient& client_;
  Tries tries_;
  std::unique_ptr<AnswerStream> answers_;
  bool has_been_refused_ = false;  // since the last answer
};

constexpr char kFirestoreEmulator[] = "FIRESTORE_EMULATOR_HOST";
// Where FIRESTORE_EMULATOR_HOST points, empty where it is not set; Invalid where that is no
// HOST:PORT.
Result<std::string> emulator_address(const Environment& environment);
// Invalid, with `what` before it, where `address` is no HOST:PORT.
Result<void> check_address(std::string_view what, std::string_view address);

}  // namespace firebreak
