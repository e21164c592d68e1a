#include "standby/filter.h"

#include <algorithm>
#include <cmath>

#include "firestore/value_fields.h"
#include "firestore/wire.h"
#include "standby/names.h"

namespace firebreak {
namespace {

using Kind = Filter::Kind;
using FieldFilter = api::StructuredQuery::FieldFilter;
using UnaryFilter = api::StructuredQuery::UnaryFilter;

constexpr unsigned kDisjunctionsMax = 30;
constexpr int kNotInMax = 10;
constexpr unsigned kDepthMax = 50;

bool is_nan(const ValueView& value) {
  return value.type() == ValueType::Number && !value.is_integer() && std::isnan(value.real());
}

Answer<Kind> kind_of(FieldFilter::Operator op) {
  switch (op) {
    case FieldFilter::LESS_THAN:
      return Kind::Less;
    case FieldFilter::LESS_THAN_OR_EQUAL:
      return Kind::LessOrEqual;
    case FieldFilter::GREATER_THAN:
      return Kind::Greater;
    case FieldFilter::GREATER_THAN_OR_EQUAL:
      return Kind::GreaterOrEqual;
    case FieldFilter::EQUAL:
      return Kind::Equal;
    case FieldFilter::NOT_EQUAL:
      return Kind::NotEqual;
    case FieldFilter::ARRAY_CONTAINS:
      return Kind::Contains;
    case FieldFilter::ARRAY_CONTAINS_ANY:
      return Kind::ContainsAny;
    case FieldFilter::IN:
      return Kind::In;
    case FieldFilter::NOT_IN:
      return Kind::NotIn;
    default:
      return invalid("A field filter has no operator.");
  }
}

Answer<Kind> kind_of(UnaryFilter::Operator op) {
  switch (op) {
    case UnaryFilter::IS_NAN:
      return Kind::IsNan;
    case UnaryFilter::IS_NULL:
      return Kind::IsNull;
    case UnaryFilter::IS_NOT_NAN:
      return Kind::IsNotNan;
    case UnaryFilter::IS_NOT_NULL:
      return Kind::IsNotNull;
    default:
      return invalid("A unary filter has no operator.");
  }
}

bool takes_list(Kind kind) {
  return kind == Kind::In || kind == Kind::NotIn || kind == Kind::ContainsAny;
}

absl::Status check_name_operand(const api::Value& value) {
  if (!value.has_reference_value()) {
    return invalid("__key__ filter value must be a Key");
  }
  const Answer<DocumentName> name = parse_document_name(value.reference_value());
  // Clients bound a scan of a collection by names with an odd number of segments more.
  if (!name.ok()) return name.status();
  return {};
}

Answer<Filter> parse_field_filter(const FieldFilter& filter, Values& values) {
  Filter parsed;
  parsed.field = ANSWER(parse_field_path(filter.field().field_path()));
  parsed.kind = ANSWER(kind_of(filter.op()));
  std::vector<const api::Value*> operands = {&filter.value()};
  if (takes_list(parsed.kind)) {
    operands.clear();
    for (const api::Value& one : filter.value().array_value().values()) operands.push_back(&one);
    if (operands.empty()) {
      return invalid("'{}' requires a non-empty ArrayValue.",
                     FieldFilter::Operator_Name(filter.op()));
    }
    if (parsed.kind == Kind::NotIn && operands.size() > kNotInMax) {
      return invalid("'NOT_IN' supports up to {} comparison values.", kNotInMax);
    }
  }
  for (const api::Value* operand : operands) {
    if (is_name(parsed.field)) ANSWER(check_name_operand(*operand));
    parsed.operands.push_back(ANSWER(values.encode(*operand)));
  }
  if (operands.front()->has_null_value() && parsed.kind == Kind::Equal) parsed.kind = Kind::IsNull;
  if (operands.front()->has_double_value() && std::isnan(operands.front()->double_value()) &&
      parsed.kind == Kind::Equal) {
    parsed.kind = Kind::IsNan;
  }
  return parsed;
}

Answer<Filter> parse(const api::StructuredQuery::Filter& filter, Values& values, unsigned depth) {
  if (depth > kDepthMax) return invalid("A filter nests too deeply.");
  Filter parsed;
  if (filter.has_field_filter()) return parse_field_filter(filter.field_filter(), values);
  if (filter.has_unary_filter()) {
    parsed.field = ANSWER(parse_field_path(filter.unary_filter().field().field_path()));
    parsed.kind = ANSWER(kind_of(filter.unary_filter().op()));
    return parsed;
  }
  if (!filter.has_composite_filter()) return invalid("A filter has no type.");
  const api::StructuredQuery::CompositeFilter& composite = filter.composite_filter();
  if (composite.op() != api::StructuredQuery::CompositeFilter::AND &&
      composite.op() != api::StructuredQuery::CompositeFilter::OR) {
    return invalid("A composite filter has no operator.");
  }
  if (composite.filters().empty()) return invalid("A composite filter has no filters.");
  parsed.kind = composite.op() == api::StructuredQuery::CompositeFilter::AND ? Kind::And : Kind::Or;
  for (const api::StructuredQuery::Filter& child : composite.filters()) {
    parsed.children.push_back(ANSWER(parse(child, values, depth + 1)));
  }
  return parsed;
}

// Of the disjunctive normal form, saturating.
std::size_t disjunctions(const Filter& filter) {
  constexpr std::size_t kMany = 1'000'000;
  if (filter.kind == Kind::In || filter.kind == Kind::ContainsAny) return filter.operands.size();
  if (filter.kind != Kind::And && filter.kind != Kind::Or) return 1;
  std::size_t count = filter.kind == Kind::And ? 1 : 0;
  for (const Filter& child : filter.children) {
    count = filter.kind == Kind::And ? count * disjunctions(child) : count + disjunctions(child);
    count = std::min(count, kMany);
  }
  return count;
}

bool any_equal(const std::vector<Bytes>& operands, const ValueView& value,
               const ValueOrder& order) {
  return std::any_of(operands.begin(), operands.end(), [&](const Bytes& operand) {
    const Result<ValueView> one = ValueView::parse(operand);
    // Null and NaN are found by filters of their own.
    if (!one.ok() || one->type() == ValueType::Null || is_nan(*one)) return false;
    return order.compare(*one, value) == 0;
  });
}

bool array_has_any(const ValueView& array, const std::vector<Bytes>& operands,
                   const ValueOrder& order) {
  if (array.type() != ValueType::Array) return false;
  WireReader reader(array.bytes());
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number != kArrayValues) continue;
    const Result<ValueView> element = ValueView::parse(field->bytes);
    if (element.ok() && any_equal(operands, *element, order)) return true;
  }
  return false;
}

bool is_in_order(Kind kind, std::weak_ordering order) {
  switch (kind) {
    case Kind::Less:
      return order < 0;
    case Kind::LessOrEqual:
      return order <= 0;
    case Kind::Greater:
      return order > 0;
    default:
      return order >= 0;
  }
}

bool has_null(const std::vector<Bytes>& operands) {
  return std::any_of(operands.begin(), operands.end(), [](const Bytes& operand) {
    const Result<ValueView> value = ValueView::parse(operand);
    return value.ok() && value->type() == ValueType::Null;
  });
}

bool value_matches(const Filter& filter, const ValueView& value, const ValueOrder& order) {
  switch (filter.kind) {
    case Kind::Equal:
    case Kind::In:
      return any_equal(filter.operands, value, order);
    case Kind::NotEqual:
    case Kind::NotIn:
      return value.type() != ValueType::Null && !has_null(filter.operands) &&
             !any_equal(filter.operands, value, order);
    case Kind::Contains:
    case Kind::ContainsAny:
      return array_has_any(value, filter.operands, order);
    case Kind::IsNan:
      return is_nan(value);
    case Kind::IsNull:
      return value.type() == ValueType::Null;
    case Kind::IsNotNan:
      return value.type() != ValueType::Null && !is_nan(value);
    case Kind::IsNotNull:
      return value.type() != ValueType::Null;
    default:
      break;
  }
  const Result<ValueView> operand = ValueView::parse(filter.operands.front());
  if (!operand.ok() || operand->type() != value.type()) return false;
  return is_in_order(filter.kind, order.compare(value, *operand));
}

}  // namespace

Result<Row> Row::parse(ByteView record) {
  Row row;
  row.record_ = TRY(RecordView::parse(record));
  BackwardWriter writer;
  writer.bytes(as_bytes(row.record_.path()));
  writer.bytes(as_bytes(std::string_view("/")));
  writer.close(static_cast<std::uint32_t>(ValueField::Reference), 0);
  row.name_.assign(writer.view().begin(), writer.view().end());
  return row;
}

std::optional<ValueView> Row::value(const FieldPath& path) const {
  const auto found = [](Result<std::optional<ValueView>> value) {
    return value.ok() ? *value : std::nullopt;
  };
  if (is_name(path)) {
    const Result<ValueView> name = ValueView::parse(name_);
    return name.ok() ? std::optional(*name) : std::nullopt;
  }
  std::optional<ValueView> value =
      found(find_value(record_.fields(), kDocumentFields, path.front()));
  for (std::size_t at = 1; at < path.size(); ++at) {
    if (!value || value->type() != ValueType::Map) return std::nullopt;
    value = found(find_value(value->bytes(), kMapFields, path[at]));
  }
  return value;
}

Answer<Filter> parse_filter(const api::StructuredQuery::Filter& filter, Values& values) {
  Filter parsed = ANSWER(parse(filter, values, 0));
  if (disjunctions(parsed) > kDisjunctionsMax) {
    return invalid("Queries support up to {} disjunctions in disjunctive normal form.",
                   kDisjunctionsMax);
  }
  return parsed;
}

bool matches(const Filter& filter, const Row& row, const ValueOrder& order) {
  const auto child_matches = [&](const Filter& child) { return matches(child, row, order); };
  if (filter.kind == Kind::And) {
    return std::all_of(filter.children.begin(), filter.children.end(), child_matches);
  }
  if (filter.kind == Kind::Or) {
    return std::any_of(filter.children.begin(), filter.children.end(), child_matches);
  }
  const std::optional<ValueView> value = row.value(filter.field);
  return value && value_matches(filter, *value, order);
}

bool is_inequality(Kind kind) {
  switch (kind) {
    case Kind::Less:
    case Kind::LessOrEqual:
    case Kind::Greater:
    case Kind::GreaterOrEqual:
    case Kind::NotEqual:
    case Kind::NotIn:
    case Kind::IsNotNan:
    case Kind::IsNotNull:
      return true;
    default:
      return false;
  }
}

}  // namespace firebreak
