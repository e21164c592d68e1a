#include "firestore/document_writer.h"

#include <algorithm>

#include "base/text.h"
#include "firestore/grpc_status.h"

namespace firebreak {
namespace {

// Google's limits are 500 writes and 10 MiB a request.
constexpr std::size_t kBatchWrites = 100;
constexpr std::size_t kBatchBytesMax = 8 << 20;
constexpr std::size_t kWaitingWritesMax = 2000;
constexpr std::size_t kWaitingBytesMax = 16 << 20;

bool is_conflict(int code) {
  return code == grpc::StatusCode::ALREADY_EXISTS || code == grpc::StatusCode::NOT_FOUND ||
         code == grpc::StatusCode::FAILED_PRECONDITION;
}

}  // namespace

DocumentWriter::DocumentWriter(FirestoreClient& client, WriteRamp& ramp, std::uint64_t seed,
                               OnEnd on_end)
    : client_(client),
      ramp_(ramp),
      random_(seed),
      on_end_(std::move(on_end)),
      decoder_(client.database().documents(), {}),
      encoder_(client.database().documents()) {}

Result<void> DocumentWriter::add(DocumentWrite write, std::stop_token stop) {
  waiting_bytes_ += write.record.size();
  waiting_.push_back(std::move(write));
  if (waiting_.size() < kWaitingWritesMax && waiting_bytes_ < kWaitingBytesMax) return {};
  return send_all(stop);
}

Result<void> DocumentWriter::flush(std::stop_token stop) {
  return send_all(stop);
}

Result<void> DocumentWriter::send_all(std::stop_token stop) {
  for (std::size_t left = waiting_.size(); left > 1; --left) {
    std::swap(waiting_[left - 1], waiting_[random_.below(left)]);
  }
  std::vector<DocumentWrite> batch;
  std::size_t batch_bytes = 0;
  for (DocumentWrite& write : waiting_) {
    const std::size_t bytes = write.record.size();
    if (batch.size() == kBatchWrites || (!batch.empty() && batch_bytes + bytes > kBatchBytesMax)) {
      TRY(send(std::exchange(batch, {}), stop));
      batch_bytes = 0;
    }
    batch_bytes += bytes;
    batch.push_back(std::move(write));
  }
  waiting_.clear();
  waiting_bytes_ = 0;
  return batch.empty() ? Result<void>() : send(std::move(batch), stop);
}

Result<void> DocumentWriter::put(const DocumentWrite& write,
                                 firestore_api::BatchWriteRequest& request) {
  firestore_api::Write& message = *request.add_writes();
  if (write.record.empty()) {
    message.set_delete_(fmt::format("{}/{}", client_.database().documents(), write.path));
  } else {
    const ByteView document = TRY(decoder_.decode(write.record));
    if (!message.mutable_update()->ParseFromArray(document.data(),
                                                  static_cast<int>(document.size()))) {
      return error(Code::Corrupt, "{}: its record is no document", printable(write.path));
    }
  }
  firestore_api::Precondition& precondition = *message.mutable_current_document();
  if (write.replaces) {
    *precondition.mutable_update_time() = to_message(*write.replaces);
  } else {
    precondition.set_exists(false);
  }
  return {};
}

Result<void> DocumentWriter::send(std::vector<DocumentWrite> batch, std::stop_token stop) {
  Tries tries = client_.tries();
  while (!batch.empty()) {
    firestore_api::BatchWriteRequest request;
    request.set_database(client_.database().resource());
    for (const DocumentWrite& write : batch) TRY(put(write, request));
    TRY(ramp_.wait_turn(batch.size(), stop));
    Result<firestore_api::BatchWriteResponse> answer = client_.batch_write(request, stop);
    if (failed_with(answer, Code::Unavailable)) {
      TRY(tries.wait_after(std::move(answer).error(), stop));
      continue;
    }
    const firestore_api::BatchWriteResponse response = TRY(std::move(answer));
    if (response.status_size() != static_cast<int>(batch.size())) {
      return error(Code::Corrupt, "BatchWrite: {} answers to {} writes", response.status_size(),
                   batch.size());
    }
    std::vector<DocumentWrite> again;
    std::optional<Error> failure;
    for (std::size_t at = 0; at < batch.size(); ++at) {
      const google::rpc::Status& status = response.status(static_cast<int>(at));
      if (status.code() == grpc::StatusCode::OK) {
        TRY(on_end_(batch[at], WriteEnd::Written, {}));
        continue;
      }
      // An earlier try may have done it.
      if (is_conflict(status.code())) {
        const bool is_done = TRY(is_settled(batch[at], stop));
        TRY(on_end_(batch[at], is_done ? WriteEnd::Written : WriteEnd::Conflict, status.message()));
        continue;
      }
      Error problem = to_error({static_cast<grpc::StatusCode>(status.code()), status.message()},
                               batch[at].path);
      if (is(problem, Code::Unavailable)) {
        failure = std::move(problem);
        again.push_back(std::move(batch[at]));
      } else {
        TRY(on_end_(batch[at], WriteEnd::Refused, status.message()));
      }
    }
    batch = std::move(again);
    if (failure) TRY(tries.wait_after(*std::move(failure), stop));
  }
  return {};
}

// Whether the database has what the write wanted, whoever wrote it.
Result<bool> DocumentWriter::is_settled(const DocumentWrite& write, std::stop_token stop) {
  firestore_api::GetDocumentRequest request;
  request.set_name(fmt::format("{}/{}", client_.database().documents(), write.path));
  const Result<firestore_api::Document> found = client_.get_document(request, stop);
  if (failed_with(found, Code::NotFound)) return write.record.empty();
  if (!found.ok()) return found.error();
  if (write.record.empty()) return false;
  const std::string message = found->SerializeAsString();
  TRY(encoder_.encode(as_bytes(message)));
  const RecordView there = TRY(RecordView::parse(encoder_.record()));
  const RecordView wanted = TRY(RecordView::parse(write.record));
  return as_text(there.fields()) == as_text(wanted.fields());
}

}  // namespace firebreak
