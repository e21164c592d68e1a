#include "config/config_description.h"

#include <map>

#include "net/google_json.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr int kReadingsMax = 6;

class Description {
 public:
  explicit Description(ConfigClient& client) : client_(client) {}

  Result<Json> read(std::stop_token stop) {
    Json config = Json::object();
    config["releases"] = TRY(read_releases(stop));
    Json templates = Json::object();
    for (const auto& [kind, name] :
         {std::pair{TemplateKind::Client, "client"}, std::pair{TemplateKind::Server, "server"}}) {
      ConfigClient::Template found = TRY(client_.read_template(kind, stop));
      if (!found.content.empty()) templates[name] = std::move(found.content);
    }
    config["remoteConfig"] = std::move(templates);
    config["databases"] = TRY(read_databases(stop));
    return config;
  }

 private:
  Result<Json> read_releases(std::stop_token stop) {
    Json releases = TRY(client_.list_releases(stop));
    for (Json& release : releases) {
      const std::string name = text_at(release, "rulesetName");
      if (!rulesets_.contains(name)) rulesets_[name] = TRY(client_.find_ruleset(name, stop));
      release["ruleset"] = rulesets_[name];
    }
    return releases;
  }

  Result<Json> read_databases(std::stop_token stop) {
    Json databases = Json::array();
    for (Json& database : TRY(client_.list_databases(stop))) {
      // What time alone changes.
      for (const char* passing : {"etag", "earliestVersionTime"}) database.erase(passing);
      const std::string name = text_at(database, "name");
      Json described{{"database", std::move(database)}};
      described["indexes"] = TRY(client_.list_indexes(name, stop));
      described["fields"] = TRY(client_.list_fields(name, stop));
      databases.push_back(std::move(described));
    }
    return databases;
  }

  ConfigClient& client_;
  std::map<std::string, Json> rulesets_;  // never change
};

}  // namespace

Result<Json> describe_config(ConfigClient& client, std::stop_token stop) {
  Description description(client);
  Json config = TRY(description.read(stop));
  for (int reading = 1; reading < kReadingsMax; ++reading) {
    Json again = TRY(description.read(stop));
    if (again == config) return config;
    config = std::move(again);
  }
  return error(Code::Unavailable,
               "{}: it changed each of the {} times it was read; try again later", client.url(),
               kReadingsMax);
}

}  // namespace firebreak
