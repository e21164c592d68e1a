#include "standby/store.h"

#include <algorithm>

#include "base/random.h"
#include "base/text.h"
#include "standby/names.h"
#include "standby/write_set.h"

namespace firebreak {
namespace {

constexpr std::chrono::hours kReadTimeAgeMax{1};
constexpr std::chrono::seconds kTransactionMax{270};
constexpr std::chrono::seconds kTransactionIdleMax{60};

// Clients retry by these words.
absl::Status expired() {
  return invalid("The referenced transaction has expired or is no longer valid.");
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& folder, Base base, Clock& clock) {
  Overlay overlay = TRY(Overlay::open(folder));
  TRY(overlay.bind(base.id));
  const FirestoreTime last_commit = TRY(overlay.last_commit());
  return std::unique_ptr<Store>(new Store(std::move(overlay), std::move(base.documents),
                                          std::max(last_commit, base.time), clock));
}

FirestoreTime Store::now_locked() {
  last_ = std::max(last_, std::chrono::floor<std::chrono::microseconds>(clock_.now()));
  return last_;
}

FirestoreTime Store::now() {
  const MutexLock lock(mutex_);
  return now_locked();
}

Answer<FirestoreTime> Store::check_read_time(const google::protobuf::Timestamp& time) {
  const MutexLock lock(mutex_);
  return check_read_time_locked(time);
}

Answer<FirestoreTime> Store::check_read_time_locked(const google::protobuf::Timestamp& time) {
  const std::optional<FirestoreTime> wanted = to_time(time);
  if (!wanted || time.nanos() % 1000 != 0) {
    return invalid("read_time must be aligned to microseconds.");
  }
  const FirestoreTime present = now_locked();
  if (*wanted > present) return invalid("read_time cannot be in the future");
  if (*wanted < present - kReadTimeAgeMax) {
    return refuse(absl::StatusCode::kFailedPrecondition, "The requested read_time is too old.");
  }
  return *wanted;
}

Answer<api::CommitResponse> Store::commit(const api::CommitRequest& request) {
  ANSWER(check_database_name(request.database()));
  api::CommitResponse response;
  {
    const MutexLock lock(mutex_);
    if (!request.transaction().empty()) {
      const Transaction* found = ANSWER(find_locked(request.transaction(), request.database()));
      const Transaction transaction = *found;
      transactions_.erase(request.transaction());
      if (transaction.is_read_only && !request.writes().empty()) {
        return invalid("Cannot modify entities in a read-only transaction.");
      }
      ANSWER(check_conflicts_locked(transaction));
    }
    const FirestoreTime time = now_locked() + std::chrono::microseconds(1);
    WriteSet set(documents_, request.database(), time);
    for (const api::Write& write : request.writes()) {
      *response.add_write_results() = ANSWER(set.apply(write));
    }
    ANSWER(apply_locked(set.changes(), time));
    *response.mutable_commit_time() = to_message(time);
  }
  ANSWER(documents_.overlay().sync());
  return response;
}

Answer<api::BatchWriteResponse> Store::batch_write(const api::BatchWriteRequest& request) {
  ANSWER(check_database_name(request.database()));
  std::set<std::string> names;
  for (const api::Write& write : request.writes()) {
    if (!names.insert(written_name(write)).second) {
      return invalid("A document cannot be written twice in one batch: {}",
                     printable(written_name(write)));
    }
  }
  api::BatchWriteResponse response;
  {
    const MutexLock lock(mutex_);
    for (const api::Write& write : request.writes()) {
      const FirestoreTime time = now_locked() + std::chrono::microseconds(1);
      WriteSet set(documents_, request.database(), time);
      const Answer<api::WriteResult> result = set.apply(write);
      google::rpc::Status& status = *response.add_status();
      api::WriteResult& written = *response.add_write_results();
      if (result.ok()) {
        ANSWER(apply_locked(set.changes(), time));
        written = *result;
      } else {
        status.set_code(static_cast<int>(result.status().code()));
        status.set_message(std::string(result.status().message()));
      }
    }
  }
  ANSWER(documents_.overlay().sync());
  return response;
}

Result<void> Store::apply_locked(std::vector<Overlay::Change> changes, FirestoreTime time) {
  last_ = time;
  if (changes.empty()) return {};
  TRY(documents_.overlay().commit(changes, time));
  forget_old_locked();
  if (transactions_.empty()) return {};
  for (Overlay::Change& change : changes) {
    recent_.push_back({time, std::move(change.database), std::move(change.key)});
  }
  return {};
}

Answer<Store::Begun> Store::begin(const std::string& database,
                                  const api::TransactionOptions& options) {
  ANSWER(check_database_name(database));
  std::byte random[12];
  fill_secret(random);
  const MutexLock lock(mutex_);
  forget_old_locked();
  Transaction transaction;
  transaction.database = database;
  transaction.is_read_only = options.has_read_only();
  transaction.read_time = now_locked();
  if (options.read_only().has_read_time()) {
    transaction.read_time = ANSWER(check_read_time_locked(options.read_only().read_time()));
  }
  transaction.started = clock_.since_boot();
  transaction.last_used = transaction.started;
  Begun begun{fmt::format("{}-{}", to_hex(random), ++transactions_begun_), transaction.read_time};
  transactions_.emplace(begun.id, std::move(transaction));
  return begun;
}

Answer<FirestoreTime> Store::read_in(const TransactionId& id, const std::string& database) {
  const MutexLock lock(mutex_);
  const Transaction* transaction = ANSWER(find_locked(id, database));
  return transaction->read_time;
}

void Store::note_read(const TransactionId& id, std::string begin, std::string end) {
  const MutexLock lock(mutex_);
  const auto found = transactions_.find(id);
  if (found == transactions_.end() || found->second.is_read_only) return;
  found->second.ranges.emplace_back(std::move(begin), std::move(end));
}

void Store::roll_back(const TransactionId& id) {
  const MutexLock lock(mutex_);
  transactions_.erase(id);
}

Answer<Store::Transaction*> Store::find_locked(const TransactionId& id,
                                               const std::string& database) {
  const auto found = transactions_.find(id);
  if (found == transactions_.end()) return expired();
  Transaction& transaction = found->second;
  if (transaction.database != database) {
    return invalid("The transaction is one of {}.", transaction.database);
  }
  const Nanoseconds now = clock_.since_boot();
  if (now - transaction.started > kTransactionMax ||
      now - transaction.last_used > kTransactionIdleMax) {
    transactions_.erase(found);
    return expired();
  }
  transaction.last_used = now;
  return &transaction;
}

absl::Status Store::check_conflicts_locked(const Transaction& transaction) {
  for (const RecentChange& change : recent_) {
    if (change.time <= transaction.read_time || change.database != transaction.database) continue;
    const bool was_read = std::any_of(
        transaction.ranges.begin(), transaction.ranges.end(),
        [&](const auto& range) { return change.key >= range.first && change.key < range.second; });
    if (was_read) {
      return refuse(absl::StatusCode::kAborted,
                    "Aborted due to cross-transaction contention. This occurs when multiple "
                    "transactions attempt to access the same data, requiring Firestore to abort at "
                    "least one in order to enforce serializability.");
    }
  }
  return {};
}

// Changes that no transaction is old enough to conflict with, and transactions that are over.
void Store::forget_old_locked() {
  const Nanoseconds now = clock_.since_boot();
  std::optional<FirestoreTime> oldest;
  for (auto one = transactions_.begin(); one != transactions_.end();) {
    if (now - one->second.started > kTransactionMax) {
      one = transactions_.erase(one);
      continue;
    }
    oldest = std::min(oldest.value_or(one->second.read_time), one->second.read_time);
    ++one;
  }
  while (!recent_.empty() && (!oldest || recent_.front().time <= *oldest)) recent_.pop_front();
}

}  // namespace firebreak
