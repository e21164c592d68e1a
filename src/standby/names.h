// Full names of the API, "projects/P/databases/D/documents/users/u1", taken apart.
#pragma once

#include <string>
#include <string_view>

#include "standby/answer.h"

namespace firebreak {

struct DocumentName {
  std::string database;  // "projects/P/databases/D"
  std::string path;      // "users/u1"
};

// The full name.
std::string to_string(const DocumentName& name);

// "projects/P/databases/D/documents", what names in that database begin with.
std::string documents_of(std::string_view database);

// INVALID_ARGUMENT unless it is "projects/P/databases/D".
absl::Status check_database_name(std::string_view name);
Answer<DocumentName> parse_document_name(std::string_view name);
// Of a document or of "…/documents", whose path is empty.
Answer<DocumentName> parse_parent(std::string_view name);

// INVALID_ARGUMENT unless a document may be created there: what Firestore reserves is refused, and
// what Datastore's numeric ids are called, which only imports bring in.
absl::Status check_new_path(std::string_view path);

}  // namespace firebreak
