#include "standby/query.h"

#include <algorithm>
#include <set>

#include "standby/names.h"

namespace firebreak {
namespace {

constexpr int kOrdersMax = 100;

void collect_inequalities(const Filter& filter, std::set<FieldPath>& fields) {
  if (is_inequality(filter.kind)) fields.insert(filter.field);
  for (const Filter& child : filter.children) collect_inequalities(child, fields);
}

bool uses_fields(const Filter& filter) {
  if (filter.kind != Filter::Kind::And && filter.kind != Filter::Kind::Or) {
    return !is_name(filter.field);
  }
  return std::any_of(filter.children.begin(), filter.children.end(), uses_fields);
}

Answer<std::vector<Query::Order>> explicit_orders(const api::StructuredQuery& query) {
  std::vector<Query::Order> orders;
  std::set<FieldPath> seen;
  if (query.order_by_size() > kOrdersMax) return invalid("A query has too many orders.");
  for (const api::StructuredQuery::Order& order : query.order_by()) {
    Query::Order parsed;
    parsed.field = ANSWER(parse_field_path(order.field().field_path()));
    parsed.is_descending = order.direction() == api::StructuredQuery::DESCENDING;
    if (!orders.empty() && is_name(orders.back().field)) {
      return invalid("Order by clause cannot contain more fields after the key {}",
                     to_string(parsed.field));
    }
    if (!seen.insert(parsed.field).second) {
      return invalid("Order by clause cannot contain duplicate fields {}", to_string(parsed.field));
    }
    orders.push_back(std::move(parsed));
  }
  return orders;
}

// The fields of inequalities by name, then the document's name, all in the direction of the last.
void add_implicit_orders(const Filter& where, std::vector<Query::Order>& orders) {
  const bool is_descending = !orders.empty() && orders.back().is_descending;
  std::set<FieldPath> fields;
  collect_inequalities(where, fields);
  const auto is_ordered = [&](const FieldPath& field) {
    return std::any_of(orders.begin(), orders.end(),
                       [&](const Query::Order& order) { return order.field == field; });
  };
  const FieldPath name{std::string(kNameField)};
  if (is_ordered(name)) return;
  for (const FieldPath& field : fields) {
    if (!is_name(field) && !is_ordered(field)) orders.push_back({field, is_descending});
  }
  orders.push_back({name, is_descending});
}

Answer<Query::Bound> parse_bound(const api::Cursor& cursor, const std::vector<Query::Order>& orders,
                                 bool is_included, Values& values) {
  if (static_cast<std::size_t>(cursor.values_size()) > orders.size()) {
    return invalid("Cursor has too many values.");
  }
  Query::Bound bound;
  bound.is_included = is_included;
  for (int at = 0; at < cursor.values_size(); ++at) {
    const api::Value& value = cursor.values(at);
    if (is_name(orders[static_cast<std::size_t>(at)].field)) {
      if (!value.has_reference_value()) {
        return invalid("A cursor's value for __name__ must be a reference.");
      }
    }
    bound.values.push_back(ANSWER(values.encode(value)));
  }
  return bound;
}

}  // namespace

Answer<Query> parse_query(std::string parent, const api::StructuredQuery& query, Values& values) {
  Query parsed;
  parsed.parent = std::move(parent);
  if (query.from_size() != 1) return invalid("A query must have exactly one collection selector.");
  if (query.has_find_nearest()) {
    return refuse(absl::StatusCode::kUnimplemented, "find_nearest is not served.");
  }
  const api::StructuredQuery::CollectionSelector& from = query.from(0);
  parsed.has_all_descendants = from.all_descendants();
  if (!from.collection_id().empty()) {
    if (from.collection_id().find('/') != std::string::npos) {
      return invalid("\"{}\" is not a collection id.", from.collection_id());
    }
    parsed.collection_id = from.collection_id();
  }
  if (query.has_where()) parsed.where = ANSWER(parse_filter(query.where(), values));
  parsed.orders = ANSWER(explicit_orders(query));
  add_implicit_orders(parsed.where, parsed.orders);
  if (!parsed.collection_id && (parsed.orders.size() > 1 || uses_fields(parsed.where))) {
    return invalid("A query of all collections can be filtered and ordered by __name__ alone.");
  }
  if (query.has_start_at()) {
    parsed.start =
        ANSWER(parse_bound(query.start_at(), parsed.orders, query.start_at().before(), values));
  }
  if (query.has_end_at()) {
    parsed.end =
        ANSWER(parse_bound(query.end_at(), parsed.orders, !query.end_at().before(), values));
  }
  if (query.offset() < 0) return invalid("The offset of a query is negative.");
  parsed.offset = query.offset();
  if (query.has_limit()) {
    if (query.limit().value() < 0) return invalid("The limit of a query is negative.");
    parsed.limit = query.limit().value();
  }
  if (!query.select().fields().empty()) {
    parsed.projection.emplace();
    for (const api::StructuredQuery::FieldReference& field : query.select().fields()) {
      parsed.projection->push_back(ANSWER(parse_field_path(field.field_path())));
    }
  }
  return parsed;
}

}  // namespace firebreak
