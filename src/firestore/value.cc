#include "firestore/value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "firestore/document_path.h"

namespace firebreak {
namespace {

constexpr std::string_view kTypeKey = "__type__";
constexpr std::string_view kVectorType = "__vector__";
constexpr std::string_view kVectorValue = "value";

Error broken_value() {
  return error(Code::Corrupt, "a value is broken");
}

struct Entry {
  std::string_view key;
  ByteView value;
};

std::optional<Entry> entry_of(ByteView message) {
  Entry entry;
  WireReader reader(message);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->type != WireType::Delimited) return std::nullopt;
    if (field->number == kEntryKey) entry.key = as_text(field->bytes);
    if (field->number == kEntryValue) entry.value = field->bytes;
  }
  if (!reader.intact()) return std::nullopt;
  return entry;
}

// The next field of that number; nothing at the end and where the bytes are broken.
std::optional<ByteView> next_message(WireReader& reader, std::uint32_t number) {
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number == number && field->type == WireType::Delimited) return field->bytes;
  }
  return std::nullopt;
}

std::optional<Entry> next_entry(WireReader& reader, std::uint32_t number) {
  const std::optional<ByteView> message = next_message(reader, number);
  if (!message) return std::nullopt;
  return entry_of(*message);
}

std::optional<ByteView> value_at(ByteView entries, std::uint32_t number, std::string_view key) {
  WireReader reader(entries);
  while (const std::optional<Entry> entry = next_entry(reader, number)) {
    if (entry->key == key) return entry->value;
  }
  return std::nullopt;
}

bool is_vector(ByteView map) {
  const std::optional<ByteView> type = value_at(map, kMapFields, kTypeKey);
  if (!type) return false;
  WireReader reader(*type);
  const std::optional<WireField> field = reader.next();
  return field && field->number == static_cast<std::uint32_t>(ValueField::String) &&
         as_text(field->bytes) == kVectorType;
}

// The elements of a vector; empty where there are none.
ByteView vector_elements(ByteView map) {
  const std::optional<ByteView> value = value_at(map, kMapFields, kVectorValue);
  if (!value) return {};
  WireReader reader(*value);
  const std::optional<WireField> field = reader.next();
  if (!field || field->number != static_cast<std::uint32_t>(ValueField::Array)) return {};
  return field->bytes;
}

std::size_t count_messages(ByteView message, std::uint32_t number) {
  WireReader reader(message);
  std::size_t count = 0;
  while (next_message(reader, number)) ++count;
  return count;
}

struct TwoNumbers {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

TwoNumbers two_numbers(ByteView message) {
  TwoNumbers numbers;
  WireReader reader(message);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number == 1) numbers.first = field->number_value;
    if (field->number == 2) numbers.second = field->number_value;
  }
  return numbers;
}

std::weak_ordering compare_bytes(ByteView a, ByteView b) {
  return as_text(a) <=> as_text(b);
}

std::weak_ordering compare_doubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(b) <=> std::isnan(a);
  if (a < b) return std::weak_ordering::less;
  return a > b ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

std::weak_ordering compare_integer_with(std::int64_t integer, double real) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (std::isnan(real)) return std::weak_ordering::greater;
  if (real >= kLimit) return std::weak_ordering::less;
  if (real < -kLimit) return std::weak_ordering::greater;
  const double whole = std::trunc(real);
  const auto as_integer = static_cast<std::int64_t>(whole);
  if (integer != as_integer) return integer <=> as_integer;
  return compare_doubles(whole, real);
}

std::weak_ordering reversed(std::weak_ordering order) {
  return 0 <=> order;
}

}  // namespace

Result<ValueView> ValueView::parse(ByteView value) {
  WireReader reader(value);
  const std::optional<WireField> field = reader.next();
  if (!field) return broken_value();
  ValueView view;
  view.number_ = field->number_value;
  view.bytes_ = field->bytes;
  switch (static_cast<ValueField>(field->number)) {
    case ValueField::Null:
      view.type_ = ValueType::Null;
      return view;
    case ValueField::Boolean:
      view.type_ = ValueType::Boolean;
      return view;
    case ValueField::Integer:
      view.is_integer_ = true;
      [[fallthrough]];
    case ValueField::Double:
      view.type_ = ValueType::Number;
      return view;
    case ValueField::Timestamp:
      view.type_ = ValueType::Timestamp;
      return view;
    case ValueField::String:
      view.type_ = ValueType::String;
      return view;
    case ValueField::ByteString:
      view.type_ = ValueType::ByteString;
      return view;
    case ValueField::Reference:
      view.type_ = ValueType::Reference;
      return view;
    case ValueField::GeoPoint:
      view.type_ = ValueType::GeoPoint;
      return view;
    case ValueField::Array:
      view.type_ = ValueType::Array;
      return view;
    case ValueField::Map:
      view.type_ = is_vector(field->bytes) ? ValueType::Vector : ValueType::Map;
      return view;
  }
  return broken_value();
}

double ValueView::real() const {
  return std::bit_cast<double>(number_);
}

Result<std::optional<ValueView>> find_value(ByteView entries, std::uint32_t entries_field,
                                            std::string_view key) {
  const std::optional<ByteView> value = value_at(entries, entries_field, key);
  if (!value) return std::optional<ValueView>();
  return std::optional(TRY(ValueView::parse(*value)));
}

std::weak_ordering compare_numbers(const ValueView& a, const ValueView& b) {
  if (a.is_integer() && b.is_integer()) return a.integer() <=> b.integer();
  if (a.is_integer()) return compare_integer_with(a.integer(), b.real());
  if (b.is_integer()) return reversed(compare_integer_with(b.integer(), a.real()));
  return compare_doubles(a.real(), b.real());
}

std::weak_ordering compare_paths(std::string_view a, std::string_view b) {
  const std::vector<std::string_view> as = path_segments(a);
  const std::vector<std::string_view> bs = path_segments(b);
  for (std::size_t at = 0; at < std::min(as.size(), bs.size()); ++at) {
    const bool is_document = at % 2 == 1;
    const auto number_a = is_document ? numeric_id(as[at]) : std::nullopt;
    const auto number_b = is_document ? numeric_id(bs[at]) : std::nullopt;
    std::weak_ordering order = std::weak_ordering::equivalent;
    if (number_a && number_b) {
      order = *number_a <=> *number_b;
    } else if (number_a || number_b) {
      order = number_a ? std::weak_ordering::less : std::weak_ordering::greater;
    } else {
      order = as[at] <=> bs[at];
    }
    if (order != 0) return order;
  }
  return as.size() <=> bs.size();
}

std::weak_ordering ValueOrder::compare(ByteView a, ByteView b) const {
  const Result<ValueView> value_a = ValueView::parse(a);
  const Result<ValueView> value_b = ValueView::parse(b);
  if (!value_a.ok() || !value_b.ok()) return value_a.ok() <=> value_b.ok();
  return compare(*value_a, *value_b);
}

std::weak_ordering ValueOrder::compare(const ValueView& a, const ValueView& b) const {
  if (a.type() != b.type()) return a.type() <=> b.type();
  switch (a.type()) {
    case ValueType::Null:
      return std::weak_ordering::equivalent;
    case ValueType::Boolean:
      return a.boolean() <=> b.boolean();
    case ValueType::Number:
      return compare_numbers(a, b);
    case ValueType::Timestamp: {
      const TwoNumbers time_a = two_numbers(a.bytes());
      const TwoNumbers time_b = two_numbers(b.bytes());
      const auto seconds =
          static_cast<std::int64_t>(time_a.first) <=> static_cast<std::int64_t>(time_b.first);
      return seconds != 0 ? seconds : time_a.second <=> time_b.second;
    }
    case ValueType::String:
    case ValueType::ByteString:
      return compare_bytes(a.bytes(), b.bytes());
    case ValueType::Reference:
      return compare_references(as_text(a.bytes()), as_text(b.bytes()));
    case ValueType::GeoPoint: {
      const TwoNumbers point_a = two_numbers(a.bytes());
      const TwoNumbers point_b = two_numbers(b.bytes());
      const auto latitude = compare_doubles(std::bit_cast<double>(point_a.first),
                                            std::bit_cast<double>(point_b.first));
      if (latitude != 0) return latitude;
      return compare_doubles(std::bit_cast<double>(point_a.second),
                             std::bit_cast<double>(point_b.second));
    }
    case ValueType::Array:
      return compare_arrays(a.bytes(), b.bytes());
    case ValueType::Vector:
      return compare_vectors(a.bytes(), b.bytes());
    case ValueType::Map:
      return compare_maps(a.bytes(), b.bytes());
  }
  return std::weak_ordering::equivalent;
}

std::weak_ordering ValueOrder::compare_references(std::string_view a, std::string_view b) const {
  const auto full = [&](std::string_view reference) {
    return reference.starts_with('/') ? prefix_ + std::string(reference.substr(1))
                                      : std::string(reference);
  };
  if (a.starts_with('/') && b.starts_with('/')) return compare_paths(a.substr(1), b.substr(1));
  // "projects/P/databases/D/documents/…" has its documents at the even places too, save that the
  // path begins at the sixth segment: one more than an even number.
  const std::string full_a = full(a);
  const std::string full_b = full(b);
  const std::vector<std::string_view> as = path_segments(full_a);
  const std::vector<std::string_view> bs = path_segments(full_b);
  constexpr std::size_t kName = 5;  // projects, P, databases, D, documents
  for (std::size_t at = 0; at < std::min({as.size(), bs.size(), kName}); ++at) {
    if (as[at] != bs[at]) return as[at] <=> bs[at];
  }
  const auto path_of = [](const std::string& name, const std::vector<std::string_view>& segments) {
    if (segments.size() <= kName) return std::string_view();
    return std::string_view(name).substr(
        static_cast<std::size_t>(segments[kName].data() - name.data()));
  };
  return compare_paths(path_of(full_a, as), path_of(full_b, bs));
}

std::weak_ordering ValueOrder::compare_arrays(ByteView a, ByteView b) const {
  WireReader reader_a(a);
  WireReader reader_b(b);
  for (;;) {
    const std::optional<ByteView> one_a = next_message(reader_a, kArrayValues);
    const std::optional<ByteView> one_b = next_message(reader_b, kArrayValues);
    if (!one_a || !one_b) return one_a.has_value() <=> one_b.has_value();
    const std::weak_ordering order = compare(*one_a, *one_b);
    if (order != 0) return order;
  }
}

std::weak_ordering ValueOrder::compare_maps(ByteView a, ByteView b) const {
  WireReader reader_a(a);
  WireReader reader_b(b);
  for (;;) {
    const std::optional<Entry> one_a = next_entry(reader_a, kMapFields);
    const std::optional<Entry> one_b = next_entry(reader_b, kMapFields);
    if (!one_a || !one_b) return one_a.has_value() <=> one_b.has_value();
    if (one_a->key != one_b->key) return one_a->key <=> one_b->key;
    const std::weak_ordering order = compare(one_a->value, one_b->value);
    if (order != 0) return order;
  }
}

std::weak_ordering ValueOrder::compare_vectors(ByteView a, ByteView b) const {
  const ByteView elements_a = vector_elements(a);
  const ByteView elements_b = vector_elements(b);
  const std::size_t size_a = count_messages(elements_a, kArrayValues);
  const std::size_t size_b = count_messages(elements_b, kArrayValues);
  if (size_a != size_b) return size_a <=> size_b;
  return compare_arrays(elements_a, elements_b);
}

}  // namespace firebreak
