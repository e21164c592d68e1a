#include "firestore/answer_stream.h"

#include <grpc/support/time.h>

#include "firestore/grpc_status.h"

namespace firebreak {
namespace {

constexpr int kSilenceSecondsMax = 90;

// "RunQuery" of "/google.firestore.v1.Firestore/RunQuery".
std::string_view brief(std::string_view method) {
  return method.substr(method.rfind('/') + 1);
}

}  // namespace

AnswerStream::AnswerStream(grpc::GenericStub& stub, std::string method,
                           const grpc::ByteBuffer& request,
                           std::unique_ptr<grpc::ClientContext> context, OnRefused on_refused,
                           std::stop_token stop)
    : method_(std::move(method)),
      stop_(std::move(stop)),
      on_refused_(std::move(on_refused)),
      context_(std::move(context)) {
  call_ = stub.PrepareCall(context_.get(), method_, &queue_);
  on_stop_.emplace(stop_, [this] { context_->TryCancel(); });
  call_->StartCall(this);
  if (!wait()) return;
  call_->WriteLast(request, {}, this);
  if (wait()) ask();
}

AnswerStream::~AnswerStream() {
  on_stop_.reset();
  if (call_ != nullptr) {
    context_->TryCancel();
    if (is_asked_) wait();
    grpc::Status ignored;
    call_->Finish(&ignored, this);
    wait();
  }
  queue_.Shutdown();
  wait();
}

bool AnswerStream::wait() {
  void* tag = nullptr;
  bool went_well = false;
  const gpr_timespec latest = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                           gpr_time_from_seconds(kSilenceSecondsMax, GPR_TIMESPAN));
  switch (queue_.AsyncNext(&tag, &went_well, latest)) {
    case grpc::CompletionQueue::GOT_EVENT:
      return went_well;
    case grpc::CompletionQueue::SHUTDOWN:
      return false;
    case grpc::CompletionQueue::TIMEOUT:
      break;
  }
  is_silent_ = true;
  context_->TryCancel();
  queue_.Next(&tag, &went_well);
  return false;
}

void AnswerStream::ask() {
  call_->Read(&coming_, this);
  is_asked_ = true;
}

Result<std::optional<ByteView>> AnswerStream::next() {
  if (call_ == nullptr) return std::optional<ByteView>();
  const bool came = is_asked_ && wait();
  is_asked_ = false;
  if (!came) return finish();
  grpc::Slice whole;
  if (!coming_.TrySingleSlice(&whole).ok() && !coming_.DumpToSingleSlice(&whole).ok()) {
    return error(Code::Unavailable, "{}: an answer was lost", brief(method_));
  }
  answer_ = std::move(whole);
  coming_.Clear();
  ask();
  return std::optional(
      ByteView(reinterpret_cast<const std::byte*>(answer_.begin()), answer_.size()));
}

Result<std::optional<ByteView>> AnswerStream::finish() {
  grpc::Status status;
  call_->Finish(&status, this);
  wait();
  call_.reset();
  if (status.ok()) return std::optional<ByteView>();
  if (is_silent_ && !stop_.stop_requested()) {
    return error(Code::Unavailable, "{}: no answer for {} s", brief(method_), kSilenceSecondsMax)
        .on(Side::Source);
  }
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED && on_refused_) on_refused_();
  return to_error(status, brief(method_), stop_);
}

}  // namespace firebreak
