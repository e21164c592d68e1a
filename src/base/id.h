// Ids are the 32 bytes of a SHA-256, and each kind is a type of its own: a pack cannot be
// looked up as a blob.
#pragma once

#include <array>
#include <compare>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/text.h"

namespace firebreak {

template <typename Tag>
struct Id {
  std::array<std::byte, 32> bytes{};

  auto operator<=>(const Id&) const = default;

  ByteView view() const { return bytes; }
  // 64 lower-case digits, the spelling of file names and JSON.
  std::string hex() const { return to_hex(bytes); }
  // The first 8 digits, the spelling for people.
  std::string brief() const { return hex().substr(0, 8); }
  bool is_null() const { return *this == Id{}; }

  static Result<Id> parse(std::string_view text) {
    if (text.size() != 64) {
      return error(Code::Invalid, "an id has 64 hexadecimal digits, this has {} characters",
                   text.size());
    }
    Id id;
    if (!decode_hex(text, id.bytes)) {
      return error(Code::Invalid, "an id has lower-case hexadecimal digits only");
    }
    return id;
  }
  static Id from(ByteView raw) {
    CHECK(raw.size() == 32);
    Id id;
    std::memcpy(id.bytes.data(), raw.data(), 32);
    return id;
  }
};

using BlobId = Id<struct BlobTag>;          // SHA-256 of a blob's plaintext
using PackId = Id<struct PackTag>;          // SHA-256 of a pack file as stored
using IndexId = Id<struct IndexTag>;        // of an index file as stored
using SnapshotId = Id<struct SnapshotTag>;  // of a snapshot file as stored
using KeyId = Id<struct KeyTag>;            // of a key file as stored
using LockId = Id<struct LockTag>;          // of a lock file as stored

}  // namespace firebreak

template <typename Tag>
struct std::hash<firebreak::Id<Tag>> {
  std::size_t operator()(const firebreak::Id<Tag>& id) const noexcept {
    std::size_t value;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};

template <typename Tag>
struct fmt::formatter<firebreak::Id<Tag>> : fmt::formatter<std::string> {
  template <typename Context>
  auto format(const firebreak::Id<Tag>& id, Context& context) const {
    return fmt::formatter<std::string>::format(id.hex(), context);
  }
};
