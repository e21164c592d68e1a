// Field numbers of google.firestore.v1 (document.proto), for whoever reads documents as bytes.
#pragma once

#include <cstdint>

namespace firebreak {

enum class ValueField : std::uint32_t {
  Boolean = 1,
  Integer = 2,
  Double = 3,
  Reference = 5,
  Map = 6,
  GeoPoint = 8,
  Array = 9,
  Timestamp = 10,
  Null = 11,
  String = 17,
  ByteString = 18,
};

constexpr std::uint32_t kEntryKey = 1;  // of an entry of a map
constexpr std::uint32_t kEntryValue = 2;
constexpr std::uint32_t kMapFields = 1;    // of a MapValue
constexpr std::uint32_t kArrayValues = 1;  // of an ArrayValue

constexpr std::uint32_t kDocumentName = 1;
constexpr std::uint32_t kDocumentFields = 2;
constexpr std::uint32_t kDocumentCreateTime = 3;
constexpr std::uint32_t kDocumentUpdateTime = 4;

constexpr std::uint32_t kTimeSeconds = 1;  // of a Timestamp
constexpr std::uint32_t kTimeNanoseconds = 2;

}  // namespace firebreak
