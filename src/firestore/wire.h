// Protocol buffers as bytes: fields read in place, and messages written from their end, where the
// length of what follows is known before its prefix is due. Not for messages of the API, which
// have generated classes: for documents, of which there are millions.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace firebreak {

enum class WireType : std::uint8_t { Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5 };

struct WireField {
  std::uint32_t number;
  WireType type;
  std::uint64_t number_value;  // of a varint or fixed field
  ByteView bytes;              // of a length-delimited one
  ByteView whole;              // with its tag
};

// Borrows the message.
class WireReader {
 public:
  explicit WireReader(ByteView message) : rest_(message) {}

  // Nothing at the end, and where the bytes are no message: intact() tells which.
  std::optional<WireField> next();
  bool intact() const { return intact_; }

 private:
  std::optional<WireField> broken() {
    intact_ = false;
    return std::nullopt;
  }

  ByteView rest_;
  bool intact_ = true;
};

// Puts each piece before all that was put before it. Keeps its memory from one message to the next.
class BackwardWriter {
 public:
  void bytes(ByteView piece);
  void varint(std::uint64_t value);
  void fixed64(std::uint64_t value);
  void tag(std::uint32_t number, WireType type) {
    varint(std::uint64_t{number} << 3 | static_cast<std::uint64_t>(type));
  }
  // Closes what was put since size() was `size_before` as one length-delimited field.
  void close(std::uint32_t number, std::size_t size_before) {
    varint(size() - size_before);
    tag(number, WireType::Delimited);
  }

  std::size_t size() const { return buffer_.size() - begin_; }
  // All of it; until the next change.
  ByteView view() const { return ByteView(buffer_).subspan(begin_); }
  void clear() { begin_ = buffer_.size(); }

 private:
  std::byte* make_room(std::size_t size);

  Bytes buffer_;  // the message is at its end
  std::size_t begin_ = 0;
};

std::size_t varint_size(std::uint64_t value);
void append_varint(Bytes& to, std::uint64_t value);
// Takes one off the front; nothing, and nothing taken, where there is none of at most 64 bits.
std::optional<std::uint64_t> take_varint(ByteView& from);

}  // namespace firebreak
