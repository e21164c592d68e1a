// firebreak-replay: a Firestore that only replays. It holds prepared answers for a made-up
// collection and sends them as fast as it can, so that what a client costs is seen, and not what a
// server does. Answers what a capture asks: lists of collections, partitions, and queries for all
// documents between two names.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <google/firestore/v1/firestore.pb.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <thread>

#include "base/random.h"
#include "words.h"

namespace firebreak {
namespace {

namespace api = google::firestore::v1;

constexpr std::string_view kDocuments = "projects/bench/databases/(default)/documents";
constexpr std::string_view kCollection = "users";
constexpr std::int64_t kReadTime = 1'790'000'000;

// Serialised RunQueryResponses in the order of names, one behind the other.
class Prepared {
 public:
  Prepared(std::size_t documents, std::size_t text_bytes, std::uint64_t seed);

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t which) const { return names_[which]; }
  grpc::ByteBuffer answer(std::size_t which) const {
    const std::size_t end = which + 1 < begins_.size() ? begins_[which + 1] : answers_.size();
    const grpc::Slice slice(answers_.data() + begins_[which], end - begins_[which],
                            grpc::Slice::STATIC_SLICE);
    return {&slice, 1};
  }
  // The first whose name is not less.
  std::size_t find(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(names_, name) - names_.begin());
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::size_t> begins_;
  std::string answers_;
};

std::string random_id(Random& random) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  while (id.size() < 20) id.push_back(kLetters[random.below(kLetters.size())]);
  return id;
}

void fill(api::Document& document, std::size_t text_bytes, Random& random) {
  auto& fields = *document.mutable_fields();
  std::string text;
  append_prose(text, text_bytes, random);
  fields["biography"].set_string_value(text);
  fields["email"].set_string_value(random_id(random) + "@example.com");
  fields["age"].set_integer_value(static_cast<std::int64_t>(random.below(90)));
  fields["balance"].set_double_value(static_cast<double>(random.below(1'000'000)) / 100);
  fields["active"].set_boolean_value(random.below(2) == 0);
  fields["seen"].mutable_timestamp_value()->set_seconds(
      kReadTime - static_cast<std::int64_t>(random.below(10'000'000)));
  fields["friend"].set_reference_value(
      fmt::format("{}/{}/{}", kDocuments, kCollection, random_id(random)));
  auto& address = *fields["address"].mutable_map_value()->mutable_fields();
  address["city"].set_string_value("Springfield");
  address["zip"].set_integer_value(static_cast<std::int64_t>(random.below(100'000)));
  for (std::uint64_t tag = random.below(5); tag > 0; --tag) {
    fields["tags"].mutable_array_value()->add_values()->set_string_value(
        fmt::format("tag{}", random.below(100)));
  }
}

Prepared::Prepared(std::size_t documents, std::size_t text_bytes, std::uint64_t seed) {
  Random random(seed);
  for (std::size_t count = 0; count < documents; ++count) {
    names_.push_back(fmt::format("{}/{}/{}", kDocuments, kCollection, random_id(random)));
  }
  std::ranges::sort(names_);
  for (const std::string& name : names_) {
    api::RunQueryResponse answer;
    api::Document& document = *answer.mutable_document();
    document.set_name(name);
    fill(document, text_bytes, random);
    document.mutable_create_time()->set_seconds(
        kReadTime - static_cast<std::int64_t>(random.below(100'000'000)));
    document.mutable_update_time()->set_seconds(document.create_time().seconds());
    document.mutable_update_time()->set_nanos(static_cast<std::int32_t>(random.below(1'000'000)) *
                                              1000);
    answer.mutable_read_time()->set_seconds(kReadTime);
    begins_.push_back(answers_.size());
    answer.AppendToString(&answers_);
  }
}

grpc::ByteBuffer serialised(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

// One call: reads the request, sends what it asks for.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(const Prepared& prepared, std::string method)
      : prepared_(prepared), method_(std::move(method)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish({grpc::StatusCode::INVALID_ARGUMENT, "no request"});
    grpc::Slice bytes;
    request_.DumpToSingleSlice(&bytes);
    const std::string text(bytes.begin(), bytes.end());
    if (method_.ends_with("/RunQuery")) return run_query(text);
    if (method_.ends_with("/PartitionQuery")) return partition(text);
    if (method_.ends_with("/RunAggregationQuery")) {
      api::RunAggregationQueryResponse response;
      auto& count = (*response.mutable_result()->mutable_aggregate_fields())["all"];
      count.set_integer_value(static_cast<std::int64_t>(prepared_.size()));
      return send_only(response);
    }
    if (method_.ends_with("/ListCollectionIds")) {
      api::ListCollectionIdsResponse response;
      response.add_collection_ids(std::string(kCollection));
      return send_only(response);
    }
    Finish({grpc::StatusCode::UNIMPLEMENTED, method_});
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish({grpc::StatusCode::CANCELLED, "the client is gone"});
    send_next();
  }
  void OnDone() override { delete this; }

 private:
  void run_query(const std::string& text) {
    api::RunQueryRequest request;
    if (!request.ParseFromString(text)) {
      return Finish({grpc::StatusCode::INVALID_ARGUMENT, "no query"});
    }
    end_ = prepared_.size();
    for (const auto& filter : request.structured_query().where().composite_filter().filters()) {
      const api::StructuredQuery::FieldFilter& bound = filter.field_filter();
      const std::size_t at = prepared_.find(bound.value().reference_value());
      (bound.op() == api::StructuredQuery::FieldFilter::LESS_THAN ? end_ : next_) = at;
    }
    if (request.structured_query().has_limit()) end_ = std::min(end_, next_ + 1);
    send_next();
  }
  void partition(const std::string& text) {
    api::PartitionQueryRequest request;
    if (!request.ParseFromString(text)) {
      return Finish({grpc::StatusCode::INVALID_ARGUMENT, "no query"});
    }
    api::PartitionQueryResponse response;
    const auto parts = static_cast<std::size_t>(request.partition_count()) + 1;
    for (std::size_t part = 1; part < parts; ++part) {
      const std::size_t at = part * prepared_.size() / parts;
      response.add_partitions()->add_values()->set_reference_value(prepared_.name(at));
    }
    send_only(response);
  }
  void send_only(const google::protobuf::Message& message) {
    answer_ = serialised(message);
    StartWrite(&answer_);
  }
  void send_next() {
    if (next_ == end_) return Finish(grpc::Status::OK);
    answer_ = prepared_.answer(next_++);
    StartWrite(&answer_);
  }

  const Prepared& prepared_;
  const std::string method_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  std::size_t next_ = 0;
  std::size_t end_ = 0;
};

class Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(const Prepared& prepared) : prepared_(prepared) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Call(prepared_, context->method());
  }

 private:
  const Prepared& prepared_;
};

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  std::size_t documents = 100'000;
  std::size_t text_bytes = 600;
  std::uint64_t seed = 1;
  CLI::App app(
      "Replays prepared documents as Firestore would send them, until Ctrl-C.\n"
      "Example: firebreak-replay --documents 1000000");
  app.add_option("--documents", documents, "how many")->capture_default_str();
  app.add_option("--text", text_bytes, "bytes of text in each")->capture_default_str();
  app.add_option("--seed", seed, "of their content")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const firebreak::Prepared prepared(documents, text_bytes, seed);
  firebreak::Service service(prepared);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    fmt::print(stderr, "firebreak-replay: no port can be listened on\n");
    return 1;
  }
  fmt::print("127.0.0.1:{}\n", port);
  std::fflush(stdout);
  int received = 0;
  sigwait(&ends, &received);
  server->Shutdown();
  return 0;
}
