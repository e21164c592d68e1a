#include "standby/names.h"

#include "base/text.h"
#include "firestore/document_path.h"

namespace firebreak {
namespace {

constexpr std::size_t kNameBytesMax = 6 * 1024;

struct Halves {
  std::string_view database;
  std::string_view rest;  // from "documents" on
};

// Empty where the name has no such beginning.
Halves halve(std::string_view name) {
  std::size_t end = 0;
  for (int segment = 0; segment < 4; ++segment) {
    end = name.find('/', end + (segment == 0 ? 0 : 1));
    if (end == std::string_view::npos) return {};
  }
  return {name.substr(0, end), name.substr(end + 1)};
}

}  // namespace

std::string to_string(const DocumentName& name) {
  return fmt::format("{}/documents/{}", name.database, name.path);
}

std::string documents_of(std::string_view database) {
  return fmt::format("{}/documents", database);
}

absl::Status check_database_name(std::string_view name) {
  const std::vector<std::string_view> segments = path_segments(name);
  if (segments.size() != 4 || segments[0] != "projects" || segments[1].empty() ||
      segments[2] != "databases" || segments[3].empty() || name.find('\0') != name.npos) {
    return invalid("\"{}\" is not a database: projects/PROJECT/databases/DATABASE is expected",
                   printable(name));
  }
  return {};
}

Answer<DocumentName> parse_parent(std::string_view name) {
  const Halves halves = halve(name);
  ANSWER(check_database_name(halves.database));
  if (halves.rest == "documents") return DocumentName{std::string(halves.database), ""};
  return parse_document_name(name);
}

Answer<DocumentName> parse_document_name(std::string_view name) {
  const Halves halves = halve(name);
  ANSWER(check_database_name(halves.database));
  constexpr std::string_view kDocuments = "documents/";
  if (!halves.rest.starts_with(kDocuments)) {
    return invalid("Document name \"{}\" has no \"/documents/\" behind its database.",
                   printable(name));
  }
  const std::string_view path = halves.rest.substr(kDocuments.size());
  const Result<void> legal = check_document_path(path);
  if (!legal.ok()) {
    return invalid("Document name \"{}\" is not valid: {}.", printable(name),
                   legal.error().message());
  }
  return DocumentName{std::string(halves.database), std::string(path)};
}

absl::Status check_new_path(std::string_view path) {
  if (path.size() > kNameBytesMax) {
    return invalid("The name of a document is longer than {} bytes.", kNameBytesMax);
  }
  for (const std::string_view segment : path_segments(path)) {
    if (segment.size() >= 4 && segment.starts_with("__") && segment.ends_with("__")) {
      return invalid("Resource id \"{}\" is invalid because it is reserved.", printable(segment));
    }
  }
  return {};
}

}  // namespace firebreak
