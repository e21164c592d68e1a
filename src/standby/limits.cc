#include "standby/limits.h"

#include <cmath>

#include "base/text.h"
#include "firestore/document_path.h"
#include "standby/values.h"

namespace firebreak {
namespace {

constexpr std::size_t kDocumentBytesMax = 1024 * 1024;
constexpr std::size_t kValueBytesMax = 1024 * 1024 - 89;
constexpr std::size_t kFieldNameBytesMax = 1500;
constexpr unsigned kDepthMax = 20;

std::size_t size_of(std::string_view text) {
  return text.size() + 1;
}

std::string with_commas(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::size_t name_size(std::string_view path) {
  std::size_t size = 16;
  bool is_document = false;
  for (const std::string_view segment : path_segments(path)) {
    size += is_document && numeric_id(segment) ? 8 : size_of(segment);
    is_document = !is_document;
  }
  return size;
}

std::size_t reference_size(std::string_view reference) {
  const Answer<DocumentName> name = parse_document_name(reference);
  return name.ok() ? name_size(name->path) : size_of(reference);
}

bool is_vector(const api::MapValue& map) {
  const auto type = map.fields().find("__type__");
  return type != map.fields().end() && type->second.string_value() == "__vector__";
}

std::size_t fields_size(const Fields& fields);

std::size_t value_size(const api::Value& value) {
  switch (value.value_type_case()) {
    case api::Value::kIntegerValue:
    case api::Value::kDoubleValue:
    case api::Value::kTimestampValue:
      return 8;
    case api::Value::kStringValue:
      return size_of(value.string_value());
    case api::Value::kBytesValue:
      return value.bytes_value().size();
    case api::Value::kReferenceValue:
      return reference_size(value.reference_value());
    case api::Value::kGeoPointValue:
      return 16;
    case api::Value::kArrayValue: {
      std::size_t size = 0;
      for (const api::Value& element : value.array_value().values()) size += value_size(element);
      return size;
    }
    case api::Value::kMapValue:
      return fields_size(value.map_value().fields());
    default:
      return 1;  // null, true, false
  }
}

std::size_t fields_size(const Fields& fields) {
  std::size_t size = 0;
  for (const auto& [name, value] : fields) size += size_of(name) + value_size(value);
  return size;
}

absl::Status check_field_name(std::string_view name, bool in_vector) {
  if (name.empty()) return invalid("A field name is empty.");
  if (name.size() > kFieldNameBytesMax) {
    return invalid("A field name is longer than {} bytes.", kFieldNameBytesMax);
  }
  const bool is_reserved = name.size() >= 4 && name.starts_with("__") && name.ends_with("__");
  if (is_reserved && !(in_vector && name == "__type__")) {
    return invalid("The property name \"{}\" is reserved.", printable(name));
  }
  return {};
}

absl::Status accept(std::string_view field, api::Value& value, unsigned depth);

absl::Status accept_map(Fields& fields, bool is_vector_map, unsigned depth) {
  for (auto& [name, value] : fields) {
    ANSWER(check_field_name(name, is_vector_map));
    ANSWER(accept(name, value, depth));
  }
  return {};
}

absl::Status accept_length(std::string_view field, std::size_t bytes) {
  if (bytes <= kValueBytesMax) return {};
  return invalid("The value of property \"{}\" is longer than {} bytes.", printable(field),
                 kValueBytesMax);
}

absl::Status accept_time(std::string_view field, google::protobuf::Timestamp& time) {
  const std::optional<FirestoreTime> accepted = to_time(time);
  if (!accepted) {
    return invalid("The timestamp of property \"{}\" lies outside the years 1 to 9999.",
                   printable(field));
  }
  time = to_message(*accepted);
  return {};
}

absl::Status accept(std::string_view field, api::Value& value, unsigned depth) {
  if (depth > kDepthMax) {
    return invalid("Property {} contains an invalid nested entity.", printable(field));
  }
  switch (value.value_type_case()) {
    case api::Value::VALUE_TYPE_NOT_SET:
      return invalid("The value of property \"{}\" has no type.", printable(field));
    case api::Value::kTimestampValue:
      return accept_time(field, *value.mutable_timestamp_value());
    case api::Value::kStringValue:
      return accept_length(field, value.string_value().size());
    case api::Value::kBytesValue:
      return accept_length(field, value.bytes_value().size());
    case api::Value::kGeoPointValue: {
      const google::type::LatLng& place = value.geo_point_value();
      // Written so that NaN is refused.
      if (std::abs(place.latitude()) <= 90 && std::abs(place.longitude()) <= 180) return {};
      return invalid("The geo point of property \"{}\" lies outside the world.", printable(field));
    }
    case api::Value::kArrayValue:
      for (api::Value& element : *value.mutable_array_value()->mutable_values()) {
        if (element.has_array_value()) {
          return invalid("Cannot convert an array value in an array value.");
        }
        ANSWER(accept(field, element, depth + 1));
      }
      return {};
    case api::Value::kMapValue:
      return accept_map(*value.mutable_map_value()->mutable_fields(), is_vector(value.map_value()),
                        depth + 1);
    case api::Value::kNullValue:
    case api::Value::kBooleanValue:
    case api::Value::kIntegerValue:
    case api::Value::kDoubleValue:
    case api::Value::kReferenceValue:
      return {};
    default:
      return invalid("The value of property \"{}\" cannot be stored.", printable(field));
  }
}

}  // namespace

std::size_t document_size(std::string_view path, const Fields& fields) {
  return name_size(path) + fields_size(fields) + 32;
}

absl::Status accept_fields(const DocumentName& name, Fields& fields) {
  ANSWER(accept_map(fields, false, 1));
  const std::size_t size = document_size(name.path, fields);
  if (size > kDocumentBytesMax) {
    return invalid(
        "Document '{}' cannot be written because its size ({} bytes) exceeds the maximum allowed "
        "size of {} bytes.",
        to_string(name), with_commas(size), with_commas(kDocumentBytesMax));
  }
  return {};
}

}  // namespace firebreak
