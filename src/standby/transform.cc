#include "standby/transform.h"

#include <cmath>
#include <limits>

namespace firebreak {
namespace {

using FieldTransform = api::DocumentTransform::FieldTransform;

bool is_number(const api::Value& value) {
  return value.has_integer_value() || value.has_double_value();
}

double as_double(const api::Value& value) {
  return value.has_integer_value() ? static_cast<double>(value.integer_value())
                                   : value.double_value();
}

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

api::Value sum_of(const api::Value& current, const api::Value& operand) {
  api::Value sum;
  if (current.has_integer_value() && operand.has_integer_value()) {
    sum.set_integer_value(saturating_sum(current.integer_value(), operand.integer_value()));
  } else {
    sum.set_double_value(as_double(current) + as_double(operand));
  }
  return sum;
}

// An equal one keeps what is stored, its type included; not a number wins both ways.
Answer<api::Value> winner(const api::Value& current, const api::Value& operand, bool wants_greater,
                          Values& values) {
  if (std::isnan(as_double(current))) return current;
  if (std::isnan(as_double(operand))) return operand;
  const std::weak_ordering order = ANSWER(values.compare(operand, current));
  return (wants_greater ? order > 0 : order < 0) ? operand : current;
}

// Server timestamps are milliseconds; they stay at or before the time of the commit.
api::Value request_time(FirestoreTime commit_time) {
  api::Value value;
  *value.mutable_timestamp_value() =
      to_message(std::chrono::floor<std::chrono::milliseconds>(commit_time));
  return value;
}

Answer<bool> contains(const api::ArrayValue& array, const api::Value& wanted, Values& values) {
  for (const api::Value& element : array.values()) {
    if (ANSWER(values.compare(element, wanted)) == 0) return true;
  }
  return false;
}

absl::Status append_missing(const api::ArrayValue& elements, Values& values, api::Value& field) {
  api::ArrayValue array = field.array_value();  // empty where it was none
  for (const api::Value& element : elements.values()) {
    if (!ANSWER(contains(array, element, values))) *array.add_values() = element;
  }
  *field.mutable_array_value() = std::move(array);
  return {};
}

absl::Status remove_all(const api::ArrayValue& elements, Values& values, api::Value& field) {
  api::ArrayValue left;
  for (const api::Value& element : field.array_value().values()) {
    if (!ANSWER(contains(elements, element, values))) *left.add_values() = element;
  }
  *field.mutable_array_value() = std::move(left);
  return {};
}

Answer<api::Value> number_for(const FieldTransform& transform, const api::Value* current,
                              Values& values) {
  const bool adds = transform.has_increment();
  const bool wants_greater = transform.has_maximum();
  const api::Value& operand = adds            ? transform.increment()
                              : wants_greater ? transform.maximum()
                                              : transform.minimum();
  if (!is_number(operand)) return invalid("The operand of a numeric transform must be a number.");
  if (current == nullptr || !is_number(*current)) return operand;
  if (adds) return sum_of(*current, operand);
  return winner(*current, operand, wants_greater, values);
}

}  // namespace

Answer<api::Value> apply_transform(const FieldTransform& transform, FirestoreTime commit_time,
                                   Values& values, Fields& fields) {
  const FieldPath path = ANSWER(parse_field_path(transform.field_path()));
  api::Value null;
  null.set_null_value(google::protobuf::NULL_VALUE);
  switch (transform.transform_type_case()) {
    case FieldTransform::kSetToServerValue: {
      if (transform.set_to_server_value() != FieldTransform::REQUEST_TIME) {
        return invalid("A transform sets a field to an unknown server value.");
      }
      api::Value time = request_time(commit_time);
      make_field(fields, path) = time;
      return time;
    }
    case FieldTransform::kIncrement:
    case FieldTransform::kMaximum:
    case FieldTransform::kMinimum: {
      api::Value number = ANSWER(number_for(transform, find_field(fields, path), values));
      make_field(fields, path) = number;
      return number;
    }
    case FieldTransform::kAppendMissingElements:
      ANSWER(append_missing(transform.append_missing_elements(), values, make_field(fields, path)));
      return null;
    case FieldTransform::kRemoveAllFromArray:
      ANSWER(remove_all(transform.remove_all_from_array(), values, make_field(fields, path)));
      return null;
    case FieldTransform::TRANSFORM_TYPE_NOT_SET:
      break;
  }
  return invalid("A transform has no type.");
}

}  // namespace firebreak
