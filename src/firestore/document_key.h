// The order of documents in a point: by collection id, then by path as Firestore orders names. A
// key is the collection id and the segments of the path, each encoded so that comparing keys byte
// by byte is that order, and one collection group is one range of keys.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace firebreak {

// enc(collection id), then enc of every segment: its bytes with 00 as 00 FF, ended by 00 01; a
// document id "__idN__" as 00 00 and N, high bit flipped, big-endian, which sorts before all names.
std::string document_key(std::string_view document_path);

// What every key of the collection group begins with.
std::string group_prefix(std::string_view collection_id);
// What the keys of the group begin with whose documents lie at or below a path of any length.
std::string group_prefix(std::string_view collection_id, std::string_view path);

// Orders documents by their names, whatever their collection groups: the key without its group.
std::string name_key(std::string_view document_path);

struct DecodedKey {
  std::string collection_id;
  std::string path;
};
// Corrupt where no path has this key.
Result<DecodedKey> decode_document_key(std::string_view key);

// The smallest key after all that begin with `prefix`; empty where there is none.
std::string after_prefix(std::string prefix);

}  // namespace firebreak
