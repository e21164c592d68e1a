// The databases of the stand-in: commits one after the other, each at a time of its own that is
// later than any at which somebody has read, and transactions that are serializable because a
// commit fails where anything it read has changed since.
//
// Thread-safe.
#pragma once

#include <deque>
#include <google/firestore/v1/firestore.pb.h>
#include <map>
#include <set>

#include "base/clock.h"
#include "standby/documents.h"
#include "standby/values.h"

namespace firebreak {

using TransactionId = std::string;

class Store {
 public:
  // What is written lies in `folder`, over `base`: of a point, its id and its documents.
  struct Base {
    std::string id = "nothing";
    FirestoreTime time{};
    Bases documents{};
  };
  // Borrows the clock. Conflict where the folder was written over another base.
  static Result<std::unique_ptr<Store>> open(const std::string& folder, Base base, Clock& clock);

  const Documents& documents() const { return documents_; }

  // A time at which all commits so far are seen, and no later one will be.
  FirestoreTime now();
  // INVALID_ARGUMENT in the future or within a microsecond, FAILED_PRECONDITION beyond an hour.
  Answer<FirestoreTime> check_read_time(const google::protobuf::Timestamp& time);

  // Durable when it returns.
  Answer<api::CommitResponse> commit(const api::CommitRequest& request);
  // Each write for itself: a status each.
  Answer<api::BatchWriteResponse> batch_write(const api::BatchWriteRequest& request);

  struct Begun {
    TransactionId id;
    FirestoreTime read_time;
  };
  Answer<Begun> begin(const std::string& database, const api::TransactionOptions& options);
  // The time at which the transaction reads. INVALID_ARGUMENT where it is unknown, over, or of
  // another database.
  Answer<FirestoreTime> read_in(const TransactionId& id, const std::string& database);
  // What it has read: a range of keys, `end` not included. Nothing for a transaction that is over.
  void note_read(const TransactionId& id, std::string begin, std::string end);
  void roll_back(const TransactionId& id);

 private:
  struct Transaction {
    std::string database;
    FirestoreTime read_time;
    bool is_read_only = false;
    std::vector<std::pair<std::string, std::string>> ranges;
    Nanoseconds started{};
    Nanoseconds last_used{};
  };
  struct RecentChange {
    FirestoreTime time;
    std::string database;
    std::string key;
  };

  Store(Overlay overlay, Bases bases, FirestoreTime last, Clock& clock)
      : documents_(std::move(overlay), std::move(bases)), clock_(clock), last_(last) {}

  FirestoreTime now_locked() REQUIRES(mutex_);
  Answer<FirestoreTime> check_read_time_locked(const google::protobuf::Timestamp& time)
      REQUIRES(mutex_);
  Answer<Transaction*> find_locked(const TransactionId& id, const std::string& database)
      REQUIRES(mutex_);
  absl::Status check_conflicts_locked(const Transaction& transaction) REQUIRES(mutex_);
  Result<void> apply_locked(std::vector<Overlay::Change> changes, FirestoreTime time)
      REQUIRES(mutex_);
  void forget_old_locked() REQUIRES(mutex_);

  Documents documents_;
  Clock& clock_;
  Mutex mutex_;
  FirestoreTime last_ GUARDED_BY(mutex_);  // of all reads and commits
  std::uint64_t transactions_begun_ GUARDED_BY(mutex_) = 0;
  std::map<TransactionId, Transaction> transactions_ GUARDED_BY(mutex_);
  std::deque<RecentChange> recent_ GUARDED_BY(mutex_);  // since the oldest transaction began
};

}  // namespace firebreak
