#include "firestore/canonical.h"

#include <algorithm>

#include "base/text.h"
#include "firestore/value_fields.h"

namespace firebreak {
namespace {

// Firestore takes 20; a server that sends more is not one to follow until the stack is full.
constexpr unsigned kDepthMax = 100;

Error broken_value(std::string_view why) {
  return error(Code::Corrupt, "a value is broken: {}", why);
}

// Nothing for fields that this program does not know.
std::optional<WireType> type_of(std::uint32_t number) {
  switch (static_cast<ValueField>(number)) {
    case ValueField::Boolean:
    case ValueField::Integer:
    case ValueField::Null:
      return WireType::Varint;
    case ValueField::Double:
      return WireType::Fixed64;
    case ValueField::Timestamp:
    case ValueField::String:
    case ValueField::ByteString:
    case ValueField::Reference:
    case ValueField::GeoPoint:
    case ValueField::Array:
    case ValueField::Map:
      return WireType::Delimited;
  }
  return std::nullopt;
}

}  // namespace

Result<Canonical::Entry> Canonical::entry_of(ByteView message) const {
  Entry entry;
  bool has_key = false;
  bool has_value = false;
  WireReader reader(message);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number == kEntryKey && field->type == WireType::Delimited && !has_key) {
      entry.key = as_text(field->bytes);
      has_key = true;
    } else if (field->number == kEntryValue && field->type == WireType::Delimited && !has_value) {
      entry.value = field->bytes;
      has_value = true;
    } else {
      return broken_value("an entry of a map has more than a key and a value");
    }
  }
  if (!reader.intact()) return broken_value("an entry of a map is cut off");
  return entry;
}

Result<void> Canonical::put_map(std::uint32_t number, ByteView map, BackwardWriter& to) {
  entries_.clear();  // of a document that was broken
  values_.clear();
  WireReader reader(map);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number != number || field->type != WireType::Delimited) continue;
    entries_.push_back(TRY(entry_of(field->bytes)));
  }
  if (!reader.intact()) return broken_value("a map is cut off");
  return put_entries(number, 0, 0, to);
}

// Those from `first` on, which it takes away.
Result<void> Canonical::put_entries(std::uint32_t number, std::size_t first, unsigned depth,
                                    BackwardWriter& to) {
  const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  if (!std::is_sorted(begin, entries_.end(), by_key)) std::sort(begin, entries_.end(), by_key);
  std::string_view after;
  bool is_last = true;
  while (entries_.size() > first) {
    const Entry entry = entries_.back();
    entries_.pop_back();
    if (!is_last && entry.key == after) {
      return broken_value(fmt::format("the key \"{}\" is there twice", printable(entry.key)));
    }
    const std::size_t end = to.size();
    TRY(put_value(entry.value, depth, to));
    to.close(kEntryValue, end);
    const std::size_t before_value = to.size();
    to.bytes(as_bytes(entry.key));
    to.close(kEntryKey, before_value);
    to.close(number, end);
    after = entry.key;
    is_last = false;
  }
  return {};
}

Result<void> Canonical::put_value(ByteView value, BackwardWriter& to) {
  entries_.clear();
  values_.clear();
  return put_value(value, 0, to);
}

Result<void> Canonical::put_value(ByteView value, unsigned depth, BackwardWriter& to) {
  if (depth > kDepthMax) return broken_value("it nests too deeply");
  std::optional<WireField> known;
  std::vector<ByteView> unknown;
  WireReader reader(value);
  while (const std::optional<WireField> field = reader.next()) {
    if (!type_of(field->number)) {
      unknown.push_back(field->whole);
      continue;
    }
    if (known) return broken_value("it is there twice");
    if (field->type != type_of(field->number))
      return broken_value("it is of another type than its field");
    known = field;
  }
  if (!reader.intact()) return broken_value("it is cut off");
  put_unknown(unknown, to);
  if (known) return put_known(*known, depth, to);
  return unknown.empty() ? broken_value("it is empty") : Result<void>();
}

void Canonical::put_unknown(const std::vector<ByteView>& fields, BackwardWriter& to) {
  unknown_fields_ += fields.size();
  for (auto one = fields.rbegin(); one != fields.rend(); ++one) to.bytes(*one);
}

Result<void> Canonical::put_known(const WireField& field, unsigned depth, BackwardWriter& to) {
  const std::size_t end = to.size();
  switch (static_cast<ValueField>(field.number)) {
    case ValueField::Boolean:
    case ValueField::Integer:
    case ValueField::Null:
      to.varint(field.number_value);
      to.tag(field.number, WireType::Varint);
      return {};
    case ValueField::Double:
      to.fixed64(field.number_value);
      to.tag(field.number, WireType::Fixed64);
      return {};
    case ValueField::String:
    case ValueField::ByteString:
      to.bytes(field.bytes);
      break;
    case ValueField::Reference:
      TRY(put_reference(as_text(field.bytes), to));
      break;
    case ValueField::Timestamp:
      TRY(put_two_numbers(field.bytes, WireType::Varint, to));
      break;
    case ValueField::GeoPoint:
      TRY(put_two_numbers(field.bytes, WireType::Fixed64, to));
      break;
    case ValueField::Array:
      TRY(put_array(field.bytes, depth + 1, to));
      break;
    case ValueField::Map:
      TRY(put_map_value(field.bytes, depth + 1, to));
      break;
  }
  to.close(field.number, end);
  return {};
}

Result<void> Canonical::put_reference(std::string_view reference, BackwardWriter& to) {
  for (const ReferenceRule& rule : rules_) {
    if (!reference.starts_with(rule.from)) continue;
    if (!rule.to) return broken_value(fmt::format("a reference \"{}\"", printable(reference)));
    to.bytes(as_bytes(reference.substr(rule.from.size())));
    to.bytes(as_bytes(*rule.to));
    return {};
  }
  to.bytes(as_bytes(reference));
  return {};
}

// A Timestamp or LatLng: fields 1 and 2, each left out where its bits are zero.
Result<void> Canonical::put_two_numbers(ByteView message, WireType type, BackwardWriter& to) {
  std::uint64_t numbers[2] = {0, 0};
  bool seen[2] = {false, false};
  std::vector<ByteView> unknown;
  WireReader reader(message);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number > 2) {
      unknown.push_back(field->whole);
      continue;
    }
    const std::size_t which = field->number - 1;
    if (field->type != type || seen[which]) return broken_value("a number is of another type");
    seen[which] = true;
    numbers[which] = field->number_value;
  }
  if (!reader.intact()) return broken_value("it is cut off");
  put_unknown(unknown, to);
  for (const std::uint32_t number : {2u, 1u}) {
    const std::uint64_t value = numbers[number - 1];
    if (value == 0) continue;
    type == WireType::Varint ? to.varint(value) : to.fixed64(value);
    to.tag(number, type);
  }
  return {};
}

Result<void> Canonical::put_map_value(ByteView map, unsigned depth, BackwardWriter& to) {
  const std::size_t first = entries_.size();
  std::vector<ByteView> unknown;
  WireReader reader(map);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number == kMapFields && field->type == WireType::Delimited) {
      entries_.push_back(TRY(entry_of(field->bytes)));
    } else {
      unknown.push_back(field->whole);
    }
  }
  if (!reader.intact()) return broken_value("a map is cut off");
  put_unknown(unknown, to);
  return put_entries(kMapFields, first, depth, to);
}

Result<void> Canonical::put_array(ByteView array, unsigned depth, BackwardWriter& to) {
  const std::size_t first = values_.size();
  std::vector<ByteView> unknown;
  WireReader reader(array);
  while (const std::optional<WireField> field = reader.next()) {
    if (field->number == kArrayValues && field->type == WireType::Delimited) {
      values_.push_back(field->bytes);
    } else {
      unknown.push_back(field->whole);
    }
  }
  if (!reader.intact()) return broken_value("an array is cut off");
  put_unknown(unknown, to);
  while (values_.size() > first) {
    const ByteView value = values_.back();
    values_.pop_back();
    const std::size_t end = to.size();
    TRY(put_value(value, depth, to));
    to.close(kArrayValues, end);
  }
  return {};
}

}  // namespace firebreak
