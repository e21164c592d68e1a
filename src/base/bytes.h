// Bytes: an owned run of bytes whose growth does not zero, because the first touch of memory is
// slow and every user overwrites what it asked for. Buffers are passed by move and reused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak {

// Leaves new elements as they are instead of zeroing them.
template <typename T>
struct UninitializedAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  template <typename U>
  void construct(U* where) noexcept {
    ::new (static_cast<void*>(where)) U;
  }
  template <typename U, typename... Args>
  void construct(U* where, Args&&... args) {
    ::new (static_cast<void*>(where)) U(std::forward<Args>(args)...);
  }
};

using Bytes = std::vector<std::byte, UninitializedAllocator<std::byte>>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::string to_text(ByteView bytes) {
  return std::string(as_text(bytes));
}

// Not insert(): with this allocator it copies byte by byte.
inline void append(Bytes& to, ByteView more) {
  if (more.empty()) return;
  const std::size_t before = to.size();
  to.resize(before + more.size());
  std::memcpy(to.data() + before, more.data(), more.size());
}

inline Bytes to_bytes(std::string_view text) {
  Bytes bytes;
  append(bytes, as_bytes(text));
  return bytes;
}

// Little-endian integers of the formats. The caller has checked that the bytes are there.
inline std::uint32_t load_le32(const std::byte* from) {
  std::uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline std::uint64_t load_le64(const std::byte* from) {
  std::uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline void store_le32(std::byte* to, std::uint32_t value) {
  std::memcpy(to, &value, sizeof value);
}
inline void append_le32(Bytes& to, std::uint32_t value) {
  std::byte raw[4];
  store_le32(raw, value);
  append(to, raw);
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the formats are read in place");

}  // namespace firebreak
