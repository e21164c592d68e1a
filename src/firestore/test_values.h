// Values for tests, spelled briefly.
#pragma once

#include <bit>
#include <initializer_list>
#include <string>
#include <utility>

#include "firestore/value_fields.h"
#include "firestore/wire.h"

namespace firebreak {

struct V {
  static std::string field(std::uint32_t number, std::string_view message) {
    BackwardWriter writer;
    writer.bytes(as_bytes(message));
    writer.close(number, 0);
    return to_text(writer.view());
  }
  static std::string number_field(std::uint32_t number, std::uint64_t value) {
    BackwardWriter writer;
    writer.varint(value);
    writer.tag(number, WireType::Varint);
    return to_text(writer.view());
  }
  static std::string double_field(std::uint32_t number, double value) {
    BackwardWriter writer;
    writer.fixed64(std::bit_cast<std::uint64_t>(value));
    writer.tag(number, WireType::Fixed64);
    return to_text(writer.view());
  }
  static std::uint32_t number_of(ValueField one) { return static_cast<std::uint32_t>(one); }

  static std::string null() { return number_field(number_of(ValueField::Null), 0); }
  static std::string boolean(bool value) {
    return number_field(number_of(ValueField::Boolean), value ? 1 : 0);
  }
  static std::string integer(std::int64_t value) {
    return number_field(number_of(ValueField::Integer), static_cast<std::uint64_t>(value));
  }
  static std::string real(double value) {
    return double_field(number_of(ValueField::Double), value);
  }
  static std::string text(std::string_view value) {
    return field(number_of(ValueField::String), value);
  }
  static std::string blob(std::string_view value) {
    return field(number_of(ValueField::ByteString), value);
  }
  static std::string reference(std::string_view value) {
    return field(number_of(ValueField::Reference), value);
  }
  static std::string timestamp(std::int64_t seconds, std::uint64_t nanoseconds) {
    std::string message;
    if (seconds != 0) message += number_field(1, static_cast<std::uint64_t>(seconds));
    if (nanoseconds != 0) message += number_field(2, nanoseconds);
    return field(number_of(ValueField::Timestamp), message);
  }
  static std::string geo(double latitude, double longitude) {
    std::string message;
    if (std::bit_cast<std::uint64_t>(latitude) != 0) message += double_field(1, latitude);
    if (std::bit_cast<std::uint64_t>(longitude) != 0) message += double_field(2, longitude);
    return field(number_of(ValueField::GeoPoint), message);
  }
  static std::string array(std::initializer_list<std::string> values) {
    std::string message;
    for (const std::string& value : values) message += field(kArrayValues, value);
    return field(number_of(ValueField::Array), message);
  }
  using Fields = std::initializer_list<std::pair<std::string, std::string>>;
  // The entries of a map as fields of `number`, in the order given.
  static std::string entries(std::uint32_t number, Fields fields) {
    std::string message;
    for (const auto& [key, value] : fields) {
      message += field(number, field(kEntryKey, key) + field(kEntryValue, value));
    }
    return message;
  }
  static std::string map(Fields fields) {
    return field(number_of(ValueField::Map), entries(kMapFields, fields));
  }
  static std::string vector(std::initializer_list<std::string> values) {
    return map({{"__type__", text("__vector__")}, {"value", array(values)}});
  }
};

}  // namespace firebreak
