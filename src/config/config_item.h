// A project's configuration as items that are compared and written one by one. Equal items of two
// projects are equal: names are relative to the project, and what a service only tells is left out.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace firebreak {

// In the order in which they are restored: fields before data that only their exemption admits,
// rules when all that they guard is there, and last what deletes documents.
enum class ConfigKind { Database, Field, Index, Template, Release, Ttl };

struct ConfigItem {
  ConfigKind kind = ConfigKind::Database;
  std::string label;  // for people: "index users (age ascending, name descending)"
  // Relative to the project: of a release "releases/cloud.firestore", of a field its name, of an
  // index its group's ("databases/(default)/collectionGroups/users"), of a template "client".
  std::string place;
  nlohmann::json content;
  std::string name;              // whole, of an index and of the ruleset of a release
  std::string attachment_point;  // of that ruleset; empty but for named databases
};

// By kind and what is equal of two items that are the same.
using ConfigItems = std::map<std::pair<ConfigKind, std::string>, ConfigItem>;

// Of what describe_config() told of `project`. Releases of buckets that are named after it get the
// names that they would have in `other`. Corrupt for JSON of another form.
Result<ConfigItems> config_items(const nlohmann::json& config, const std::string& project,
                                 const std::string& other);

}  // namespace firebreak
