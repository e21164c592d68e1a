// Where a document lies in its database: collection and document ids in turn, "users/u1/dreams/d1".
// No id holds a slash, so a path is kept as the text that Firestore writes it as.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace firebreak {

// Cut at the slashes; views of `path`.
std::vector<std::string_view> path_segments(std::string_view path);

// Of a path with an even number of segments: "dreams" of "users/u1/dreams/d1".
std::string_view collection_id(std::string_view document_path);
// "users/u1/dreams" of "users/u1/dreams/d1".
std::string_view collection_path(std::string_view document_path);

// Invalid unless it is what a database can hold: an even number of segments (odd for a collection),
// each of 1 to 1,500 bytes of UTF-8 and neither "." nor "..", at most 100 collections deep. Names
// between double underscores are taken: those of Datastore's numeric ids do exist.
Result<void> check_document_path(std::string_view path);
Result<void> check_collection_path(std::string_view path);

// N of a document id "__idN__", which Firestore orders by its value, before all others.
std::optional<std::int64_t> numeric_id(std::string_view document_id);

}  // namespace firebreak
