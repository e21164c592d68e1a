// The answers of one streaming call as bytes: parsing millions of documents into messages would
// cost more than all that is done with them.
#pragma once

#include <functional>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// Not thread-safe. Asks for the next answer while the caller works on the one before.
class AnswerStream {
 public:
  // Told when the service does not know who asks; may be absent.
  using OnRefused = std::function<void()>;

  // `method`: "/google.firestore.v1.Firestore/RunQuery". `context` has who asks. `stop` cancels it.
  AnswerStream(grpc::GenericStub& stub, std::string method, const grpc::ByteBuffer& request,
               std::unique_ptr<grpc::ClientContext> context, OnRefused on_refused,
               std::stop_token stop);
  // Cancels what was not read to its end.
  ~AnswerStream();
  AnswerStream(const AnswerStream&) = delete;
  AnswerStream& operator=(const AnswerStream&) = delete;

  // A serialised message, until the next call; nothing when all were read and the service said
  // that all is well. Else what to_error() makes of its status, and Unavailable after 90 seconds
  // of silence.
  Result<std::optional<ByteView>> next();

 private:
  // Waits for what was asked of the queue last; false where that failed, as the status will tell.
  bool wait();
  void ask();
  Result<std::optional<ByteView>> finish();

  const std::string method_;
  const std::stop_token stop_;
  const OnRefused on_refused_;
  const std::unique_ptr<grpc::ClientContext> context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  grpc::ByteBuffer coming_;
  bool is_asked_ = false;
  bool is_silent_ = false;
  grpc::Slice answer_;
};

}  // namespace firebreak
