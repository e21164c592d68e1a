// One spelling of a document's fields: the messages of google.firestore.v1 with fields by number,
// keys of maps by their bytes, and defaults left out, so that equal documents are equal bytes
// whoever serialised them. Fields that this program does not know are kept as they came, behind the
// known ones.
//
// References are rewritten on the way by prefix: a point keeps those into its own database as "/"
// and the path, which no full name begins with, and writes them out for whatever database it is
// restored into. All others stay verbatim.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "firestore/wire.h"

namespace firebreak {

struct ReferenceRule {
  std::string from;               // what a reference begins with
  std::optional<std::string> to;  // put in its place; without it such a reference is Corrupt
};

// Not thread-safe: keeps its scratch memory.
class Canonical {
 public:
  // The first rule that fits a reference is applied to it.
  explicit Canonical(std::vector<ReferenceRule> rules) : rules_(std::move(rules)) {}

  // Puts the entries of a `map<string, Value>` before what `to` has, each as a field of `number`.
  // Corrupt where they are no such entries, give a key or a value twice, or nest too deeply.
  Result<void> put_map(std::uint32_t number, ByteView entries_of_map, BackwardWriter& to);
  // A whole Value, without tag or length.
  Result<void> put_value(ByteView value, BackwardWriter& to);

  // Whole fields that this program does not know, in the order they came in.
  void put_unknown(const std::vector<ByteView>& fields, BackwardWriter& to);
  // How many fields were met that this program does not know.
  std::uint64_t unknown_fields() const { return unknown_fields_; }

 private:
  struct Entry {
    std::string_view key;
    ByteView value;
  };

  Result<void> put_value(ByteView value, unsigned depth, BackwardWriter& to);
  Result<void> put_known(const WireField& field, unsigned depth, BackwardWriter& to);
  Result<void> put_entries(std::uint32_t number, std::size_t first, unsigned depth,
                           BackwardWriter& to);
  Result<void> put_map_value(ByteView map, unsigned depth, BackwardWriter& to);
  Result<void> put_array(ByteView array, unsigned depth, BackwardWriter& to);
  Result<void> put_two_numbers(ByteView message, WireType type, BackwardWriter& to);
  Result<void> put_reference(std::string_view reference, BackwardWriter& to);
  Result<Entry> entry_of(ByteView message) const;

  std::vector<ReferenceRule> rules_;
  std::vector<Entry> entries_;    // of the maps on the way down
  std::vector<ByteView> values_;  // of the arrays
  std::uint64_t unknown_fields_ = 0;
};

}  // namespace firebreak
