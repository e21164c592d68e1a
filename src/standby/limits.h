// What Firestore takes, and the words with which it refuses more.
#pragma once

#include "standby/fields.h"
#include "standby/names.h"

namespace firebreak {

constexpr std::size_t kRequestBytesMax = 10 * 1024 * 1024;

// The service's measure of a document: names, fields and values, 32 bytes for itself.
std::size_t document_size(std::string_view path, const Fields& fields);

// INVALID_ARGUMENT unless the fields may be written: names, depth, sizes, arrays within arrays,
// times and places that exist. Also cuts times down to microseconds, as the service does.
absl::Status accept_fields(const DocumentName& name, Fields& fields);

}  // namespace firebreak
