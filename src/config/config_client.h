// A project's configuration by Google's REST APIs: Security Rules, Remote Config, and Firestore's
// databases with their indexes. Thread-safe.
#pragma once

#include <vector>

#include "net/google_service.h"

namespace firebreak {

constexpr char kRulesEndpoint[] = "https://firebaserules.googleapis.com";
constexpr char kRemoteConfigEndpoint[] = "https://firebaseremoteconfig.googleapis.com";
constexpr char kFirestoreAdminEndpoint[] = "https://firestore.googleapis.com";
constexpr char kConfigEmulator[] = "FIREBREAK_CONFIG_EMULATOR_HOST";

// What a project has of Remote Config: the parameters of applications, and those of servers.
enum class TemplateKind { Client, Server };

// What a template says, without what the service tells of how it came to be, and without empty
// parts, which it leaves out or not.
nlohmann::json template_content(nlohmann::json told);

class ConfigClient {
 public:
  struct Options {
    GoogleService::Options rules;
    GoogleService::Options remote_config;
    GoogleService::Options firestore;
  };
  // Asks nothing of the services yet. Borrows the clock.
  ConfigClient(std::string project, Options options, Clock& clock);

  const std::string& project() const { return project_; }
  bool is_emulator() const { return rules_.is_emulator(); }
  std::string url() const { return "config://" + project_; }
  // For people: "https://firebaserules.googleapis.com".
  std::string endpoint() const { return rules_.place(); }

  // All are tried again while Unavailable; NotFound, Denied, Invalid for what the service refuses,
  // and the other errors of google_error(). Everything is as the service tells it; names are whole
  // ("projects/p/…").

  // By name: {"name", "rulesetName", "createTime", "updateTime"}.
  Result<std::vector<nlohmann::json>> list_releases(std::stop_token stop);
  // With its sources.
  Result<nlohmann::json> find_ruleset(const std::string& name, std::stop_token stop);
  // `ruleset`: {"source", "attachmentPoint"}. Its name. An answer that was lost leaves a ruleset
  // that nothing uses.
  Result<std::string> create_ruleset(const nlohmann::json& ruleset, std::stop_token stop);
  // What the release says from now on; made where there is none.
  Result<void> set_release(const std::string& release, const std::string& ruleset,
                           std::stop_token stop);
  // One that is gone already is fine.
  Result<void> remove_release(const std::string& release, std::stop_token stop);

  struct Template {
    nlohmann::json content;  // an empty object where the project has none
    std::string etag;        // "*" there, which a write takes for anything
  };
  Result<Template> read_template(TemplateKind kind, std::stop_token stop);
  // In the place of what has that etag; Conflict where something else is there by now. An answer
  // that was lost is asked for.
  Result<void> write_template(TemplateKind kind, const Template& written, std::stop_token stop);

  // By name.
  Result<std::vector<nlohmann::json>> list_databases(std::stop_token stop);
  // Composite ones, by name. `database`: its whole name.
  Result<std::vector<nlohmann::json>> list_indexes(const std::string& database,
                                                   std::stop_token stop);
  // Those that have settings of their own, and the one that all others have theirs from; by name.
  Result<std::vector<nlohmann::json>> list_fields(const std::string& database,
                                                  std::stop_token stop);
  // `group`: "projects/p/databases/d/collectionGroups/g". The operation that builds it; empty where
  // there is such an index.
  Result<std::string> create_index(const std::string& group, const nlohmann::json& index,
                                   std::stop_token stop);
  // One that is gone already is fine.
  Result<void> remove_index(const std::string& name, std::stop_token stop);
  // Sets of a field or database what `mask` names, to its default where `changes` has it not. The
  // operation that does it.
  Result<std::string> patch(const std::string& name, const std::string& mask,
                            const nlohmann::json& changes, std::stop_token stop);
  // Io with the service's words where the operation has failed.
  Result<bool> is_done(const std::string& operation, std::stop_token stop);

 private:
  Result<nlohmann::json> ask(GoogleService& service, std::string_view method,
                             const std::string& path, const nlohmann::json& body,
                             std::stop_token stop);
  Result<std::vector<nlohmann::json>> list_all(GoogleService& service, const std::string& path,
                                               const char* items, std::stop_token stop);
  std::string template_path(TemplateKind kind) const;

  const std::string project_;
  GoogleService rules_;
  GoogleService remote_config_;
  GoogleService firestore_;
};

}  // namespace firebreak
