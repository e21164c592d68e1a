// Which database: "projects/P/databases/D" to the API, "firestore://P/D" on the command line.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace firebreak {

struct DatabaseName {
  std::string project;
  std::string database = "(default)";

  std::string resource() const;   // "projects/P/databases/D"
  std::string documents() const;  // what names of documents in it begin with, without the slash
  std::string url() const;        // "firestore://P/D"

  bool operator==(const DatabaseName&) const = default;
};

// Whether Google gives such an id; "example.com:shop" as projects of organizations once had too.
bool is_project_id(std::string_view text);

// "firestore://PROJECT" or "firestore://PROJECT/DATABASE". Invalid names what is wrong.
Result<DatabaseName> parse_database_url(std::string_view url);

}  // namespace firebreak
