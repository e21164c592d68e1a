#include "cli/config_connection.h"

#include "base/text.h"
#include "cli/google_connection.h"
#include "firestore/database_name.h"

namespace firebreak {
namespace {

constexpr std::string_view kScheme = "config://";
constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";

}  // namespace

Result<ConfigClient::Options> connect_to_config(Session& session) {
  const auto connect = [&](const char* endpoint) {
    return connect_to_google(session, endpoint, kConfigEmulator, kScope);
  };
  ConfigClient::Options connection;
  connection.rules = TRY(connect(kRulesEndpoint));
  connection.remote_config = TRY(connect(kRemoteConfigEndpoint));
  connection.firestore = TRY(connect(kFirestoreAdminEndpoint));
  return connection;
}

Result<std::string> parse_config_url(const std::string& url) {
  std::string project = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  if (project.ends_with('/')) project.pop_back();
  if (is_project_id(project)) return project;
  return error(Code::Invalid, "{}: the configuration of a project is written {}PROJECT",
               printable(url), kScheme);
}

}  // namespace firebreak
