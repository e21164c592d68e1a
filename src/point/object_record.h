// What a point keeps of an object (docs/formats/objects.md): a record of the bucket's manifest, a
// key-ordered tree whose keys are the objects' names.
#pragma once

#include <vector>

#include "base/id.h"
#include "crypto/sha256.h"
#include "storage/stored_object.h"

namespace firebreak {

// Of more, the record does not tell the blobs; the object's file does.
constexpr std::size_t kBlobsInARecord = 64;

struct ObjectContent {
  Sha256 sha256{};
  std::uint64_t blobs = 0;
  std::vector<BlobId> ids;  // empty of more than kBlobsInARecord
};

struct ObjectRecord {
  StoredObject object;
  ObjectContent content;
};

// Equal records are equal bytes.
std::string encode_object_record(const ObjectRecord& record);
// Corrupt for anything else.
Result<ObjectRecord> parse_object_record(ByteView bytes);

// The name alone.
Result<std::string> key_of_object(ByteView record);

}  // namespace firebreak
