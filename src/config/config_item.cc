#include "config/config_item.h"

#include "base/text.h"
#include "config/config_client.h"
#include "net/google_json.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kGroups = "/collectionGroups/";

// Without what a service tells of a thing beside what it is. Empty for what is no object.
Json without(Json thing, std::initializer_list<const char*> told) {
  if (!thing.is_object()) return Json::object();
  for (const char* field : told) thing.erase(field);
  return thing;
}

std::string last_part(const std::string& name, std::string_view separator) {
  return name.substr(name.rfind(separator) + separator.size());
}

// "databases/(default)/collectionGroups/users" → "users", with the database where it is not the
// default one.
std::string group_label(const std::string& group) {
  const std::size_t at = group.find(kGroups);
  const std::string database = group.substr(0, at);
  const std::string name = group.substr(at + kGroups.size());
  if (database == "databases/(default)") return name;
  return fmt::format("{} of {}", name, last_part(database, "/"));
}

std::string index_label(const std::string& group, const Json& index) {
  std::string fields;
  for (const Json& field : field_at(index, "fields")) {
    if (!fields.empty()) fields += ", ";
    fields += text_at(field, "fieldPath");
    std::string how = text_at(field, "order") + text_at(field, "arrayConfig");
    for (char& letter : how) letter = static_cast<char>(std::tolower(letter));
    if (!how.empty()) fields += " " + how;
  }
  const bool all = text_at(index, "queryScope") == "COLLECTION_GROUP";
  return fmt::format("index {} ({}){}", group_label(group), fields, all ? ", all of the name" : "");
}

class ItemReader {
 public:
  ItemReader(const std::string& project, const std::string& other)
      : prefix_(fmt::format("projects/{}/", project)), project_(project), other_(other) {}

  Result<ConfigItems> read(const Json& config) {
    for (const Json& release : field_at(config, "releases")) TRY(read_release(release));
    for (const char* kind : {"client", "server"}) {
      Json content = template_content(field_at(field_at(config, "remoteConfig"), kind));
      if (content.empty()) continue;
      add(kind, {ConfigKind::Template,
                 fmt::format("Remote Config ({})", kind),
                 kind,
                 std::move(content),
                 {},
                 {}});
    }
    for (const Json& one : field_at(config, "databases")) TRY(read_database(one));
    return std::move(items_);
  }

 private:
  void add(const std::string& key, ConfigItem item) {
    items_.insert_or_assign({item.kind, key}, std::move(item));
  }

  // What follows "projects/PROJECT/".
  Result<std::string> relative(const Json& thing) const {
    const std::string name = text_at(thing, "name");
    if (name.starts_with(prefix_)) return name.substr(prefix_.size());
    return error(Code::Corrupt, "the configuration of {} has an item named {}", project_,
                 printable(name));
  }

  // A project's own buckets have its name.
  std::string in_other(std::string place) const {
    const std::string own = fmt::format("releases/firebase.storage/{}.", project_);
    if (!place.starts_with(own)) return place;
    return fmt::format("releases/firebase.storage/{}.{}", other_, place.substr(own.size()));
  }

  Result<void> read_release(const Json& release) {
    const std::string place = in_other(TRY(relative(release)));
    Json content{{"files", Json::array()}};
    for (const Json& file : field_at(field_at(field_at(release, "ruleset"), "source"), "files")) {
      content["files"].push_back(
          {{"name", text_at(file, "name")}, {"content", text_at(file, "content")}});
    }
    add(place, {ConfigKind::Release, "rules " + place.substr(place.find('/') + 1), place,
                std::move(content), text_at(release, "rulesetName"),
                text_at(field_at(release, "ruleset"), "attachmentPoint")});
    return {};
  }

  Result<void> read_database(const Json& one) {
    const Json& database = field_at(one, "database");
    const std::string place = TRY(relative(database));
    Json settings = Json::object();
    for (const char* setting : {"pointInTimeRecoveryEnablement", "deleteProtectionState"}) {
      if (!text_at(database, setting).empty()) settings[setting] = text_at(database, setting);
    }
    add(place, {ConfigKind::Database,
                "settings of database " + last_part(place, "/"),
                place,
                std::move(settings),
                {},
                {}});
    for (const Json& index : field_at(one, "indexes")) TRY(read_index(index));
    for (const Json& field : field_at(one, "fields")) TRY(read_field(field));
    return {};
  }

  Result<void> read_index(const Json& index) {
    const std::string place = TRY(relative(index));
    const std::string group = place.substr(0, place.rfind("/indexes/"));
    Json content = without(index, {"name", "state"});
    add(group + content.dump(), {ConfigKind::Index,
                                 index_label(group, content),
                                 group,
                                 content,
                                 text_at(index, "name"),
                                 {}});
    return {};
  }

  Result<void> read_field(const Json& field) {
    const std::string place = TRY(relative(field));
    const std::size_t at = place.find("/fields/");
    if (at == std::string::npos) {
      return error(Code::Corrupt, "{} is no field", printable(place));
    }
    const std::string label =
        fmt::format("{}.{}", group_label(place.substr(0, at)), place.substr(at + 8));
    const Json& config = field_at(field, "indexConfig");
    // Indexes that it has from all others' settings are not its own.
    if (config.is_object() && field_at(config, "usesAncestorConfig") != Json(true)) {
      Json indexes = Json::array();
      for (const Json& index : field_at(config, "indexes")) {
        indexes.push_back(without(index, {"name", "state"}));
      }
      add(place, {ConfigKind::Field,
                  "indexes of field " + label,
                  place,
                  {{"indexes", std::move(indexes)}},
                  {},
                  {}});
    }
    if (field_at(field, "ttlConfig").is_object()) {
      add(place, {ConfigKind::Ttl,
                  "time to live by " + label,
                  place,
                  without(field_at(field, "ttlConfig"), {"state"}),
                  {},
                  {}});
    }
    return {};
  }

  const std::string prefix_;
  const std::string project_;
  const std::string other_;
  ConfigItems items_;
};

}  // namespace

Result<ConfigItems> config_items(const Json& config, const std::string& project,
                                 const std::string& other) {
  return ItemReader(project, other).read(config);
}

}  // namespace firebreak
