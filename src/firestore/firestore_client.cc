#include "firestore/firestore_client.h"

#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>

#include "base/text.h"
#include "firestore/grpc_status.h"

namespace firebreak {
namespace {

constexpr int kMessageBytesMax = 64 << 20;
// A connection carries one stream of documents about as fast as one core reads them.
constexpr std::size_t kConnections = 4;
constexpr int kCallSecondsMax = 60;

std::shared_ptr<grpc::Channel> connect(const FirestoreClient::Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all would share a connection
  if (options.credentials == nullptr) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // Tries does
  if (options.credentials == nullptr) {
    return grpc::CreateCustomChannel(options.address, grpc::InsecureChannelCredentials(),
                                     arguments);
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = options.ca_certificates;
  return grpc::CreateCustomChannel(options.address, grpc::SslCredentials(tls), arguments);
}

grpc::ByteBuffer serialised(const google::protobuf::Message& message) {
  const std::string bytes = message.SerializeAsString();
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

}  // namespace

FirestoreClient::FirestoreClient(DatabaseName database, Options options, Clock& clock)
    : database_(std::move(database)),
      options_(std::move(options)),
      clock_(clock),
      next_seed_(static_cast<std::uint64_t>(clock.now().time_since_epoch().count())) {
  silence_grpc();
  for (std::size_t number = 0; number < kConnections; ++number) {
    const std::shared_ptr<grpc::Channel> channel = connect(options_);
    channels_.push_back(
        {std::make_unique<Stub>(channel), std::make_unique<grpc::GenericStub>(channel)});
  }
}

std::string FirestoreClient::endpoint() const {
  if (is_emulator()) return "the emulator at " + options_.address;
  return fmt::format("{} as {}", options_.address, options_.credentials->who());
}

Result<std::string> FirestoreClient::prepare(grpc::ClientContext& context,
                                             std::stop_token stop) const {
  context.AddMetadata("google-cloud-resource-prefix", database_.resource());
  if (is_emulator()) {
    context.AddMetadata("authorization", "Bearer owner");  // its administrator
    return std::string();
  }
  const std::string token = TRY(options_.credentials->token(stop));
  context.AddMetadata("authorization", "Bearer " + token);
  const std::string& billed = options_.credentials->quota_project();
  if (!billed.empty()) context.AddMetadata("x-goog-user-project", billed);
  return token;
}

Tries FirestoreClient::tries() {
  return Tries(options_.retries, clock_, next_seed_++);
}

template <typename Request, typename Response>
Result<Response> FirestoreClient::call_once(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                         const Request&, Response*),
                                            std::string_view name, const Request& request,
                                            std::stop_token stop) {
  for (bool again = false;; again = true) {
    grpc::ClientContext context;
    const std::string token = TRY(prepare(context, stop));
    context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                      gpr_time_from_seconds(kCallSecondsMax, GPR_TIMESPAN)));
    const std::stop_callback on_stop(stop, [&context] { context.TryCancel(); });
    Response response;
    const grpc::Status status = (*channel().stub.*method)(&context, request, &response);
    if (status.ok()) return response;
    // A service that refuses the token has done nothing.
    if (status.error_code() != grpc::StatusCode::UNAUTHENTICATED || is_emulator() || again) {
      return to_error(status, name, stop);
    }
    options_.credentials->refuse(token);
  }
}

template <typename Request, typename Response>
Result<Response> FirestoreClient::call(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                       std::string_view name, const Request& request,
                                       std::stop_token stop) {
  Tries tries = this->tries();
  for (;;) {
    Result<Response> answer = call_once(method, name, request, stop);
    if (!failed_with(answer, Code::Unavailable)) return answer;
    TRY(tries.wait_after(std::move(answer).error(), stop));
  }
}

Result<firestore_api::ListCollectionIdsResponse> FirestoreClient::list_collection_ids(
    const firestore_api::ListCollectionIdsRequest& request, std::stop_token stop) {
  return call(&Stub::ListCollectionIds, "ListCollectionIds", request, stop);
}

Result<firestore_api::PartitionQueryResponse> FirestoreClient::partition_query(
    const firestore_api::PartitionQueryRequest& request, std::stop_token stop) {
  return call(&Stub::PartitionQuery, "PartitionQuery", request, stop);
}

Result<firestore_api::BatchWriteResponse> FirestoreClient::batch_write(
    const firestore_api::BatchWriteRequest& request, std::stop_token stop) {
  return call_once(&Stub::BatchWrite, "BatchWrite", request, stop);
}

Result<firestore_api::Document> FirestoreClient::get_document(
    const firestore_api::GetDocumentRequest& request, std::stop_token stop) {
  return call(&Stub::GetDocument, "GetDocument", request, stop);
}

Result<std::uint64_t> FirestoreClient::count(FirestoreTime at, std::stop_token stop) {
  firestore_api::RunAggregationQueryRequest request;
  request.set_parent(database_.documents());
  *request.mutable_read_time() = to_message(at);
  auto& aggregation = *request.mutable_structured_aggregation_query();
  aggregation.mutable_structured_query()->add_from()->set_all_descendants(true);
  auto& wanted = *aggregation.add_aggregations();
  wanted.mutable_count();
  wanted.set_alias("all");
  AnswerReader answers(*this);
  for (;;) {
    const std::optional<ByteView> message =
        TRY(answers.next([&] { return start("RunAggregationQuery", request, stop); }, stop));
    if (!message) return error(Code::Corrupt, "RunAggregationQuery: no count").on(Side::Source);
    firestore_api::RunAggregationQueryResponse response;
    if (!response.ParseFromArray(message->data(), static_cast<int>(message->size()))) {
      return error(Code::Corrupt, "RunAggregationQuery: an answer cannot be read").on(Side::Source);
    }
    const auto& fields = response.result().aggregate_fields();
    const auto found = fields.find("all");
    if (found != fields.end()) return static_cast<std::uint64_t>(found->second.integer_value());
  }
}

Result<std::unique_ptr<AnswerStream>> FirestoreClient::run_query(
    const firestore_api::RunQueryRequest& request, std::stop_token stop) {
  return start("RunQuery", request, stop);
}

Result<std::unique_ptr<AnswerStream>> FirestoreClient::start(
    std::string_view method, const google::protobuf::Message& request, std::stop_token stop) {
  auto context = std::make_unique<grpc::ClientContext>();
  const std::string token = TRY(prepare(*context, stop));
  AnswerStream::OnRefused on_refused;
  if (!is_emulator()) {
    on_refused = [credentials = options_.credentials, token] { credentials->refuse(token); };
  }
  return std::make_unique<AnswerStream>(
      *channel().generic, fmt::format("/google.firestore.v1.Firestore/{}", method),
      serialised(request), std::move(context), std::move(on_refused), stop);
}

Result<FirestoreTime> FirestoreClient::present(std::stop_token stop) {
  firestore_api::RunQueryRequest request;
  request.set_parent(database_.documents());
  auto& query = *request.mutable_structured_query();
  query.add_from()->set_all_descendants(true);
  query.mutable_select()->add_fields()->set_field_path("__name__");
  query.mutable_limit()->set_value(1);
  AnswerReader answers(*this);
  for (;;) {
    const std::optional<ByteView> message =
        TRY(answers.next([&] { return run_query(request, stop); }, stop));
    if (!message) return error(Code::Corrupt, "RunQuery: no answer has a time").on(Side::Source);
    firestore_api::RunQueryResponse response;
    if (!response.ParseFromArray(message->data(), static_cast<int>(message->size()))) {
      return error(Code::Corrupt, "RunQuery: an answer cannot be read").on(Side::Source);
    }
    if (!response.has_read_time()) continue;
    const std::optional<FirestoreTime> time = to_time(response.read_time());
    if (time) return *time;
  }
}

AnswerReader::AnswerReader(FirestoreClient& client) : client_(client), tries_(client.tries()) {}

Result<std::optional<ByteView>> AnswerReader::next(const Start& start, std::stop_token stop) {
  for (;;) {
    if (answers_ == nullptr) answers_ = TRY(start());
    Result<std::optional<ByteView>> answer = answers_->next();
    if (answer.ok()) {
      tries_.start_over();
      has_been_refused_ = false;
      return answer;
    }
    answers_.reset();
    if (failed_with(answer, Code::Unauthenticated) && !client_.is_emulator() &&
        !std::exchange(has_been_refused_, true)) {
      continue;
    }
    if (!failed_with(answer, Code::Unavailable)) return answer;
    TRY(tries_.wait_after(std::move(answer).error(), stop));
  }
}

Result<std::string> emulator_address(const Environment& environment) {
  const std::string address = variable(environment, kFirestoreEmulator);
  if (!address.empty()) TRY(check_address(kFirestoreEmulator, address));
  return address;
}

Result<void> check_address(std::string_view what, std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon != std::string::npos && colon != 0 && colon + 1 != address.size() &&
      address.find('/') == std::string::npos &&
      address.find_first_not_of("0123456789", colon + 1) == std::string::npos) {
    return {};
  }
  return error(Code::Invalid, "{}: \"{}\" is not HOST:PORT", what, printable(address));
}

}  // namespace firebreak
