#include "standby/aggregate.h"

#include <set>

namespace firebreak {
namespace {

constexpr int kAggregationsMax = 5;

// The sum of integers stays one for as long as it can.
class Sum {
 public:
  void add(const ValueView& value) {
    if (value.type() != ValueType::Number) return;
    ++count_;
    if (value.is_integer()) {
      real_ += static_cast<double>(value.integer());
      is_integer_ = is_integer_ && !__builtin_add_overflow(integer_, value.integer(), &integer_);
    } else {
      real_ += value.real();
      is_integer_ = false;
    }
  }
  api::Value sum() const {
    api::Value value;
    is_integer_ ? value.set_integer_value(integer_) : value.set_double_value(real_);
    return value;
  }
  api::Value average() const {
    api::Value value;
    if (count_ == 0) {
      value.set_null_value(google::protobuf::NULL_VALUE);
    } else {
      const double total = is_integer_ ? static_cast<double>(integer_) : real_;
      value.set_double_value(total / static_cast<double>(count_));
    }
    return value;
  }

 private:
  bool is_integer_ = true;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::uint64_t count_ = 0;
};

Answer<Aggregation> parse(const api::StructuredAggregationQuery::Aggregation& aggregation,
                          int& unnamed) {
  Aggregation parsed;
  parsed.alias =
      aggregation.alias().empty() ? fmt::format("field_{}", ++unnamed) : aggregation.alias();
  if (aggregation.has_count()) {
    if (aggregation.count().has_up_to()) {
      parsed.up_to = aggregation.count().up_to().value();
      if (*parsed.up_to <= 0) return invalid("up_to of a count must be greater than zero.");
    }
  } else if (aggregation.has_sum()) {
    parsed.kind = Aggregation::Kind::Sum;
    parsed.field = ANSWER(parse_field_path(aggregation.sum().field().field_path()));
  } else if (aggregation.has_avg()) {
    parsed.kind = Aggregation::Kind::Average;
    parsed.field = ANSWER(parse_field_path(aggregation.avg().field().field_path()));
  } else {
    return invalid("An aggregation has no operator.");
  }
  return parsed;
}

}  // namespace

Answer<std::vector<Aggregation>> parse_aggregations(const api::StructuredAggregationQuery& query) {
  if (query.aggregations().empty()) return invalid("Aggregations can not be empty");
  if (query.aggregations_size() > kAggregationsMax) {
    return invalid("The maximum number of aggregations allowed in an aggregation query is {}.",
                   kAggregationsMax);
  }
  std::vector<Aggregation> parsed;
  std::set<std::string> aliases;
  int unnamed = 0;
  for (const api::StructuredAggregationQuery::Aggregation& one : query.aggregations()) {
    parsed.push_back(ANSWER(parse(one, unnamed)));
    if (!aliases.insert(parsed.back().alias).second) {
      return invalid("Aggregation aliases contain duplicate alias: {}", parsed.back().alias);
    }
  }
  return parsed;
}

Answer<Fields> aggregate(const std::vector<Aggregation>& aggregations, const Moment& moment,
                         const Query& query, Scan scan) {
  std::vector<Sum> sums(aggregations.size());
  std::int64_t count = 0;
  const EachRecord add = [&](ByteView record) -> Answer<bool> {
    const Row row = ANSWER(Row::parse(record));
    // An aggregated field joins what a document must have to be counted at all.
    std::vector<std::optional<ValueView>> values(aggregations.size());
    for (std::size_t at = 0; at < aggregations.size(); ++at) {
      if (aggregations[at].kind == Aggregation::Kind::Count) continue;
      values[at] = row.value(aggregations[at].field);
      if (!values[at]) return true;
    }
    ++count;
    for (std::size_t at = 0; at < aggregations.size(); ++at) {
      if (values[at]) sums[at].add(*values[at]);
    }
    return true;
  };
  ANSWER(run_query(moment, query, std::move(scan), add));
  Fields fields;
  for (std::size_t at = 0; at < aggregations.size(); ++at) {
    api::Value& value = fields[aggregations[at].alias];
    if (aggregations[at].kind == Aggregation::Kind::Count) {
      value.set_integer_value(std::min(count, aggregations[at].up_to.value_or(count)));
    } else if (aggregations[at].kind == Aggregation::Kind::Sum) {
      value = sums[at].sum();
    } else {
      value = sums[at].average();
    }
  }
  return fields;
}

}  // namespace firebreak
