// A StructuredQuery, checked and completed: with the orders that the service adds, and its cursors
// as places in that order.
#pragma once

#include "standby/filter.h"

namespace firebreak {

struct Query {
  struct Order {
    FieldPath field;
    bool is_descending = false;
  };
  // A place in the order, given by values of the first orders.
  struct Bound {
    std::vector<Bytes> values;
    bool is_included = false;
  };

  std::string parent;                          // path of a document; empty: the database
  std::optional<std::string> collection_id{};  // nothing: of any
  bool has_all_descendants = false;            // at any depth below the parent
  Filter where{};
  std::vector<Order> orders{};  // the last one is the name
  std::optional<Bound> start{};
  std::optional<Bound> end{};
  std::int64_t offset = 0;
  std::optional<std::int64_t> limit{};
  std::optional<std::vector<FieldPath>> projection{};
};

// INVALID_ARGUMENT with what the service says of a query that it does not take.
Answer<Query> parse_query(std::string parent, const api::StructuredQuery& query, Values& values);

}  // namespace firebreak
