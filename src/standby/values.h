// Values and documents, to and fro between the messages of the API and the bytes that a point and
// the overlay keep.
#pragma once

#include "firestore/firestore_time.h"
#include "firestore/record.h"
#include "firestore/value.h"
#include "standby/fields.h"

namespace firebreak {

// Of one database. Not thread-safe: keeps scratch memory.
class Values {
 public:
  explicit Values(std::string_view database);

  // The canonical form. INVALID_ARGUMENT where it has none.
  Answer<Bytes> encode(const api::Value& value);
  // As Firestore orders them; equivalent values are equal to filters and transforms.
  Answer<std::weak_ordering> compare(const api::Value& a, const api::Value& b);

  const ValueOrder& order() const { return order_; }

 private:
  Canonical canonical_;
  ValueOrder order_;
};

// A document of a record, with its times. Not thread-safe.
class DocumentDecoder {
 public:
  explicit DocumentDecoder(std::string_view database);
  // DATA_LOSS where the record is none.
  Answer<api::Document> decode(ByteView record);

 private:
  RecordDecoder decoder_;
};

}  // namespace firebreak
