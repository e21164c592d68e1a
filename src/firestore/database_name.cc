#include "firestore/database_name.h"

#include <algorithm>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::string_view kScheme = "firestore://";
constexpr std::size_t kIdBytesMax = 63;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && text.front() != '-' &&
         std::ranges::all_of(text, [](char one) {
           return (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9') || one == '-';
         });
}

}  // namespace

bool is_project_id(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return is_id(text);
  std::string domain(text.substr(0, colon));
  std::erase(domain, '.');
  return is_id(domain) && is_id(text.substr(colon + 1));
}

std::string DatabaseName::resource() const {
  return fmt::format("projects/{}/databases/{}", project, database);
}

std::string DatabaseName::documents() const {
  return resource() + "/documents";
}

std::string DatabaseName::url() const {
  return fmt::format("firestore://{}/{}", project, database);
}

Result<DatabaseName> parse_database_url(std::string_view url) {
  const auto wrong = [&](std::string_view why) {
    return error(Code::Invalid, "{}: {}; it is firestore://PROJECT/DATABASE, as in {}",
                 printable(url), why, "firestore://my-shop/(default)");
  };
  if (!url.starts_with(kScheme)) return wrong("no database");
  const std::string_view rest = url.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  DatabaseName name;
  name.project = rest.substr(0, slash);
  if (!is_project_id(name.project)) return wrong("the project has no id that Google gives");
  if (slash + 1 >= rest.size()) return name;
  name.database = rest.substr(slash + 1);
  if (name.database.find('/') != std::string::npos) {
    return wrong("parts of a database cannot be captured alone");
  }
  if (name.database != "(default)" && !is_id(name.database)) {
    return wrong("the database has no id that Firestore gives");
  }
  return name;
}

}  // namespace firebreak
