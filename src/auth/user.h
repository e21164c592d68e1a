// A user of Firebase Authentication, as the service describes one ("UserInfo" in the reference of
// the Identity Toolkit API).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

struct User {
  std::string tenant;  // empty: of the project itself
  std::string id;
  nlohmann::json description;  // all that was said

  bool has_password() const { return description.contains("passwordHash"); }
  // A caller without the permission to see hashes gets this in their place, and success.
  bool has_redacted_password() const;
};

// Corrupt without an id.
Result<User> parse_user(nlohmann::json description, std::string tenant);

// What the users of a point are ordered by: tenant, NUL, id.
std::string key_of(const User& user);
// A record of a point's users: its description with the tenant. Equal users are equal bytes.
std::string encode_user(const User& user);
// Corrupt for anything else.
Result<User> parse_user_record(ByteView record);
Result<std::string> key_of_user_record(ByteView record);

// What a project or tenant hashes passwords with ("hashConfig"), as an import is told it.
nlohmann::json import_hash(const nlohmann::json& hash_config);

// What an import writes of a user. `losses` names what it cannot.
struct ImportedUser {
  nlohmann::json description;
  std::vector<std::string> losses;
};
// `web_safe`: hashes in the alphabet that Google's import asks for; an emulator's are no base64.
ImportedUser to_import(const User& user, bool web_safe);

// Whether an import of `wanted` would change nothing but when the user last signed in.
bool is_same_to_import(const User& there, const User& wanted);

}  // namespace firebreak
