#include "auth/user.h"

#include <algorithm>

#include "net/google_json.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;  // which keeps the keys of objects sorted

constexpr std::string_view kRedacted = "UkVEQUNURUQ=";  // base64 of "REDACTED"

constexpr const char* kImported[] = {
    "localId",     "email",        "emailVerified", "displayName",      "photoUrl",
    "phoneNumber", "disabled",     "createdAt",     "customAttributes", "lastLoginAt",
    "validSince",  "passwordHash", "salt",          "mfaInfo",          "providerUserInfo"};
// Set by the service itself as time goes on.
constexpr const char* kMoving[] = {"lastLoginAt", "validSince"};
// Told beside what it is derived from.
constexpr const char* kDerivedProviders[] = {"password", "phone", "emailLink"};

Error broken() {
  return error(Code::Corrupt, "a record of a point's users has another form");
}

std::string to_web_safe(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

// Both alphabets, padded or not.
std::string comparable_hash(std::string text) {
  text = to_web_safe(std::move(text));
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// The project's own algorithm has version 0; of an imported user's nothing says which it was.
bool has_other_algorithm(const Json& user) {
  return number_at(user, "version").value_or(0) != 0;
}

Json without_derived(const Json& providers) {
  Json kept = Json::array();
  for (const Json& one : providers) {
    const std::string id = text_at(one, "providerId");
    const bool is_derived = std::ranges::find(kDerivedProviders, id) != std::end(kDerivedProviders);
    if (!is_derived) kept.push_back(one);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

bool is_nothing(const Json& value) {
  return value.is_null() || value == Json(false) || value == Json("") ||
         (value.is_structured() && value.empty());
}

}  // namespace

bool User::has_redacted_password() const {
  return text_at(description, "passwordHash") == kRedacted;
}

Result<User> parse_user(Json description, std::string tenant) {
  User user{std::move(tenant), text_at(description, "localId"), {}};
  if (user.id.empty()) return error(Code::Corrupt, "a user without an id");
  user.description = std::move(description);
  if (!user.tenant.empty()) user.description["tenantId"] = user.tenant;
  return user;
}

std::string key_of(const User& user) {
  return user.tenant + '\0' + user.id;
}

std::string encode_user(const User& user) {
  return user.description.dump();
}

Result<User> parse_user_record(ByteView record) {
  Json json = parse_json(record);
  if (!json.is_object()) return broken();
  std::string tenant = text_at(json, "tenantId");
  return parse_user(std::move(json), std::move(tenant));
}

Result<std::string> key_of_user_record(ByteView record) {
  const User user = TRY(parse_user_record(record));
  return key_of(user);
}

Json import_hash(const Json& hash_config) {
  if (!hash_config.is_object() || !hash_config.contains("algorithm")) return Json::object();
  Json hash = hash_config;
  hash["hashAlgorithm"] = hash["algorithm"];
  hash.erase("algorithm");
  for (const char* field : {"signerKey", "saltSeparator"}) {
    const auto found = hash.find(field);
    if (found != hash.end() && found->is_string()) *found = to_web_safe(found->get<std::string>());
  }
  return hash;
}

ImportedUser to_import(const User& user, bool web_safe) {
  ImportedUser imported{Json::object(), {}};
  for (const char* field : kImported) {
    const auto found = user.description.find(field);
    if (found != user.description.end() && !is_nothing(*found))
      imported.description[field] = *found;
  }
  Json& json = imported.description;
  if (!user.tenant.empty()) json["tenantId"] = user.tenant;
  if (json.contains("providerUserInfo")) {
    json["providerUserInfo"] = without_derived(json["providerUserInfo"]);
    if (json["providerUserInfo"].empty()) json.erase("providerUserInfo");
  }
  if (json.contains("passwordHash") && has_other_algorithm(user.description)) {
    json.erase("passwordHash");
    json.erase("salt");
    imported.losses.emplace_back(
        "the password: it is hashed by another algorithm than the project's, which the service "
        "does not tell");
  }
  for (const char* field : {"passwordHash", "salt"}) {
    const auto found = json.find(field);
    if (web_safe && found != json.end() && found->is_string()) {
      *found = to_web_safe(found->get<std::string>());
    }
  }
  if (json.contains("mfaInfo") && json["mfaInfo"].is_array()) {
    Json kept = Json::array();
    for (Json factor : json["mfaInfo"]) {
      if (!factor.is_object() || factor.contains("totpInfo")) {
        imported.losses.emplace_back(
            "a second factor of one-time passwords (TOTP), whose secret the service does not tell");
        continue;
      }
      factor.erase("unobfuscatedPhoneInfo");
      kept.push_back(std::move(factor));
    }
    json["mfaInfo"] = std::move(kept);
    if (json["mfaInfo"].empty()) json.erase("mfaInfo");
  }
  if (!field_at(user.description, "passkeyInfo").empty()) {
    imported.losses.emplace_back("passkeys, whose keys the service does not tell");
  }
  return imported;
}

bool is_same_to_import(const User& there, const User& wanted) {
  Json before = to_import(there, false).description;
  Json after = to_import(wanted, false).description;
  for (Json* const json : {&before, &after}) {
    for (const char* field : kMoving) json->erase(field);
    for (const char* field : {"passwordHash", "salt"}) {
      const auto found = json->find(field);
      if (found != json->end() && found->is_string()) {
        *found = comparable_hash(found->get<std::string>());
      }
    }
  }
  return before == after;
}

}  // namespace firebreak
