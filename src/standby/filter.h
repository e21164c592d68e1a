// Which documents a query is for: the filter of a StructuredQuery, checked, and evaluated on
// records as they lie on disk.
#pragma once

#include <google/firestore/v1/query.pb.h>

#include "standby/values.h"

namespace firebreak {

// A document as filters and orders see it. Borrows the record.
class Row {
 public:
  static Result<Row> parse(ByteView record);

  // The value at a path, the document's name for `__name__`; nothing where there is none.
  std::optional<ValueView> value(const FieldPath& path) const;
  std::string_view path() const { return record_.path(); }
  const RecordView& record() const { return record_; }

 private:
  RecordView record_;
  Bytes name_;  // a reference to the document, as a value
};

struct Filter {
  enum class Kind {
    And,
    Or,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Contains,
    ContainsAny,
    In,
    NotIn,
    IsNan,
    IsNull,
    IsNotNan,
    IsNotNull,
  };
  Kind kind = Kind::And;           // of no children: all documents
  std::vector<Filter> children{};  // of And and Or
  FieldPath field{};
  std::vector<Bytes> operands{};  // canonical; several for lists
};

// INVALID_ARGUMENT with what the service says of a filter that it does not take.
Answer<Filter> parse_filter(const api::StructuredQuery::Filter& filter, Values& values);

bool matches(const Filter& filter, const Row& row, const ValueOrder& order);

// Those whose documents must be ordered by the field.
bool is_inequality(Filter::Kind kind);

}  // namespace firebreak
