#include "firestore/wire.h"

#include <algorithm>
#include <bit>

namespace firebreak {
namespace {

constexpr std::size_t kVarintBytesMax = 10;
constexpr std::uint64_t kFieldNumberMax = (1u << 29) - 1;

// Ends with the length.
std::size_t encode_varint(std::uint64_t value, std::byte* to) {
  std::size_t size = 0;
  while (value >= 0x80) {
    to[size++] = static_cast<std::byte>(value | 0x80);
    value >>= 7;
  }
  to[size++] = static_cast<std::byte>(value);
  return size;
}

}  // namespace

std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

void append_varint(Bytes& to, std::uint64_t value) {
  std::byte raw[kVarintBytesMax];
  append(to, ByteView(raw, encode_varint(value, raw)));
}

std::optional<std::uint64_t> take_varint(ByteView& from) {
  std::uint64_t value = 0;
  const std::size_t longest = std::min(from.size(), kVarintBytesMax);
  for (std::size_t at = 0; at < longest; ++at) {
    const auto byte = static_cast<std::uint64_t>(from[at]);
    if (at == kVarintBytesMax - 1 && byte > 1) return std::nullopt;  // over 64 bits
    value |= (byte & 0x7f) << (7 * at);
    if (byte < 0x80) {
      from = from.subspan(at + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<WireField> WireReader::next() {
  if (rest_.empty() || !intact_) return std::nullopt;
  const ByteView start = rest_;
  const std::optional<std::uint64_t> tag = take_varint(rest_);
  if (!tag || *tag >> 3 == 0 || *tag >> 3 > kFieldNumberMax) return broken();
  WireField field{
      static_cast<std::uint32_t>(*tag >> 3), static_cast<WireType>(*tag & 7), 0, {}, {}};
  switch (field.type) {
    case WireType::Varint: {
      const std::optional<std::uint64_t> value = take_varint(rest_);
      if (!value) return broken();
      field.number_value = *value;
      break;
    }
    case WireType::Fixed64:
      if (rest_.size() < 8) return broken();
      field.number_value = load_le64(rest_.data());
      rest_ = rest_.subspan(8);
      break;
    case WireType::Fixed32:
      if (rest_.size() < 4) return broken();
      field.number_value = load_le32(rest_.data());
      rest_ = rest_.subspan(4);
      break;
    case WireType::Delimited: {
      const std::optional<std::uint64_t> size = take_varint(rest_);
      if (!size || *size > rest_.size()) return broken();
      field.bytes = rest_.first(*size);
      rest_ = rest_.subspan(*size);
      break;
    }
    default:
      return broken();  // groups, which no message of ours has
  }
  field.whole = start.first(start.size() - rest_.size());
  return field;
}

std::byte* BackwardWriter::make_room(std::size_t size) {
  if (begin_ < size) {
    const std::size_t used = this->size();
    Bytes larger;
    larger.resize(std::max(2 * buffer_.size(), used + size + 4096));
    const std::size_t begin = larger.size() - used;
    if (used > 0) std::memcpy(larger.data() + begin, buffer_.data() + begin_, used);
    buffer_ = std::move(larger);
    begin_ = begin;
  }
  begin_ -= size;
  return buffer_.data() + begin_;
}

void BackwardWriter::bytes(ByteView piece) {
  if (piece.empty()) return;
  std::memcpy(make_room(piece.size()), piece.data(), piece.size());
}

void BackwardWriter::varint(std::uint64_t value) {
  encode_varint(value, make_room(varint_size(value)));
}

void BackwardWriter::fixed64(std::uint64_t value) {
  std::memcpy(make_room(sizeof value), &value, sizeof value);
}

}  // namespace firebreak
