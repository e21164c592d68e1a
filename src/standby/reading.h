// What the calls that read share: when they read, in which transaction, and which fields they give.
#pragma once

#include "standby/run_query.h"
#include "standby/store.h"

namespace firebreak {

// When a call reads, and in which transaction.
struct Reading {
  FirestoreTime time;
  TransactionId transaction{};
  bool is_new = false;  // the caller waits for its id
};

template <typename Request>
Answer<Reading> reading_of(Store& store, const std::string& database, const Request& request) {
  if constexpr (requires { request.has_new_transaction(); }) {
    if (request.has_new_transaction()) {
      api::TransactionOptions options = request.new_transaction();
      // Here, unlike for BeginTransaction.
      if (options.mode_case() == api::TransactionOptions::MODE_NOT_SET) options.mutable_read_only();
      Store::Begun begun = ANSWER(store.begin(database, options));
      return Reading{begun.read_time, std::move(begun.id), true};
    }
  }
  if constexpr (requires { request.has_transaction(); }) {
    if (request.has_transaction()) {
      const FirestoreTime time = ANSWER(store.read_in(request.transaction(), database));
      return Reading{time, request.transaction()};
    }
  }
  if (request.has_read_time()) {
    return Reading{ANSWER(store.check_read_time(request.read_time()))};
  }
  return Reading{store.now()};
}

inline void note_document(Store& store, const Reading& reading, const std::string& key) {
  if (!reading.transaction.empty()) {
    store.note_read(reading.transaction, key, key + '\0');
  }
}

// Before the first row is answered: the caller may commit as soon as it has one.
inline void note_scan(Store& store, const Reading& reading, const Scan& scan) {
  if (reading.transaction.empty()) return;
  for (const Scan::KeyRange& range : scan.ranges()) {
    store.note_read(reading.transaction, range.first, range.second);
  }
}

// Nothing without a mask; a mask of no paths leaves no fields.
template <typename Request>
Answer<std::optional<std::vector<FieldPath>>> mask_of(const Request& request) {
  if (!request.has_mask()) return std::optional<std::vector<FieldPath>>();
  std::vector<FieldPath> paths = ANSWER(parse_mask(request.mask()));
  return std::optional(std::move(paths));
}

inline Answer<api::Document> decode(DocumentDecoder& decoder, ByteView record,
                                    const std::optional<std::vector<FieldPath>>& mask) {
  api::Document document = ANSWER(decoder.decode(record));
  if (mask) project(*document.mutable_fields(), *mask);
  return document;
}

}  // namespace firebreak
