// Writes and deletes documents, each on its own and only where the database has what the caller
// has seen there. A write whose answer was lost is settled by looking.
#pragma once

#include <functional>
#include <vector>

#include "firestore/firestore_client.h"
#include "firestore/record.h"
#include "firestore/write_ramp.h"

namespace firebreak {

struct DocumentWrite {
  std::string path;
  Bytes record;  // the state to come (firestore/record.h); empty: gone
  // Update time of what is there now; nothing: no document.
  std::optional<FirestoreTime> replaces;
};

enum class WriteEnd { Written, Conflict, Refused };

// Not thread-safe; several may share a client and a ramp, which are borrowed.
class DocumentWriter {
 public:
  // Told of every write, in any order: Conflict where somebody else wrote meanwhile, Refused with
  // what the service has against it.
  using OnEnd =
      std::function<Result<void>(const DocumentWrite& write, WriteEnd end, std::string_view why)>;

  DocumentWriter(FirestoreClient& client, WriteRamp& ramp, std::uint64_t seed, OnEnd on_end);

  // Not two writes to one document before a flush(). Sends some of what is waiting, in no order,
  // when it is much: the neighbours of a name are one machine's work at Google.
  Result<void> add(DocumentWrite write, std::stop_token stop);
  // Sends the rest.
  Result<void> flush(std::stop_token stop);

 private:
  Result<void> send(std::vector<DocumentWrite> batch, std::stop_token stop);
  Result<void> put(const DocumentWrite& write, firestore_api::BatchWriteRequest& request);
  Result<bool> is_settled(const DocumentWrite& write, std::stop_token stop);
  Result<void> send_all(std::stop_token stop);

  FirestoreClient& client_;
  WriteRamp& ramp_;
  Random random_;
  const OnEnd on_end_;
  RecordDecoder decoder_;
  RecordEncoder encoder_;
  std::vector<DocumentWrite> waiting_;
  std::size_t waiting_bytes_ = 0;
};

}  // namespace firebreak
