// A value of a document, read in place from Canonical's bytes, and Firestore's order of values
// (the managed service's, which its clients follow only in part: integers and doubles compare
// exactly, strings by UTF-8).
#pragma once

#include <compare>
#include <string>

#include "base/result.h"
#include "firestore/value_fields.h"
#include "firestore/wire.h"

namespace firebreak {

// In the order of the values of different types. Integers and doubles are one.
enum class ValueType {
  Null,
  Boolean,
  Number,
  Timestamp,
  String,
  ByteString,
  Reference,
  GeoPoint,
  Array,
  Vector,  // a map with "__type__": "__vector__" and doubles as "value"
  Map,
};

// Borrows its bytes.
class ValueView {
 public:
  // Corrupt where it is no value in canonical form, as far as one level shows.
  static Result<ValueView> parse(ByteView value);

  ValueType type() const { return type_; }
  bool boolean() const { return number_ != 0; }
  bool is_integer() const { return is_integer_; }
  std::int64_t integer() const { return static_cast<std::int64_t>(number_); }
  double real() const;
  // UTF-8 of a String or Reference, Bytes as they are, else the message.
  ByteView bytes() const { return bytes_; }

 private:
  ValueType type_ = ValueType::Null;
  bool is_integer_ = false;
  std::uint64_t number_ = 0;
  ByteView bytes_;
};

// The value of a key among the entries of a map, or at a path of keys through maps; nothing where
// there is none. Corrupt where the bytes are no map.
Result<std::optional<ValueView>> find_value(ByteView entries, std::uint32_t entries_field,
                                            std::string_view key);

class ValueOrder {
 public:
  // `documents`: "projects/P/databases/D/documents", of which references are kept short.
  explicit ValueOrder(std::string documents) : prefix_(std::move(documents) + "/") {}

  // Of whole values; what is no value comes before all others.
  std::weak_ordering compare(ByteView a, ByteView b) const;
  std::weak_ordering compare(const ValueView& a, const ValueView& b) const;

 private:
  std::weak_ordering compare_references(std::string_view a, std::string_view b) const;
  std::weak_ordering compare_arrays(ByteView a, ByteView b) const;
  std::weak_ordering compare_maps(ByteView a, ByteView b) const;
  std::weak_ordering compare_vectors(ByteView a, ByteView b) const;

  std::string prefix_;
};

// An integer against a double, exactly: 2^53 + 1 is more than the double 2^53. NaN is less than
// all numbers.
std::weak_ordering compare_numbers(const ValueView& a, const ValueView& b);

// The order of names: segment by segment, the shorter first, numeric ids before all others.
std::weak_ordering compare_paths(std::string_view a, std::string_view b);

}  // namespace firebreak
