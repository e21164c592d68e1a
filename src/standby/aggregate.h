// COUNT, SUM and AVG over the documents of a query.
#pragma once

#include "standby/run_query.h"

namespace firebreak {

struct Aggregation {
  enum class Kind { Count, Sum, Average };
  std::string alias;
  Kind kind = Kind::Count;
  FieldPath field{};                    // of Sum and Average
  std::optional<std::int64_t> up_to{};  // of Count
};

// INVALID_ARGUMENT with what the service says of aggregations that it does not take.
Answer<std::vector<Aggregation>> parse_aggregations(const api::StructuredAggregationQuery& query);

// A value for each alias.
Answer<Fields> aggregate(const std::vector<Aggregation>& aggregations, const Moment& moment,
                         const Query& query, Scan scan);

}  // namespace firebreak
