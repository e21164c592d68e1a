#include "cli/auth_connection.h"

#include "base/text.h"
#include "cli/google_connection.h"
#include "firestore/database_name.h"

namespace firebreak {
namespace {

constexpr std::string_view kScheme = "auth://";
constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";
// The emulator has every service of Google's below its name.
constexpr std::string_view kEmulatorPath = "/identitytoolkit.googleapis.com";

}  // namespace

Result<AuthClient::Options> connect_to_users(Session& session) {
  AuthClient::Options connection =
      TRY(connect_to_google(session, kAuthEndpoint, kAuthEmulator, kScope));
  if (connection.credentials == nullptr) connection.endpoint += kEmulatorPath;
  return connection;
}

Result<std::string> parse_users_url(const std::string& url) {
  std::string project = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  if (project.ends_with('/')) project.pop_back();
  if (const std::size_t slash = project.find('/'); slash != std::string::npos) {
    return error(Code::Invalid, "{}: a point has the users of all tenants, {}{}", printable(url),
                 kScheme, printable(project.substr(0, slash)));
  }
  if (is_project_id(project)) return project;
  return error(Code::Invalid, "{}: the users of a project are written {}PROJECT", printable(url),
               kScheme);
}

}  // namespace firebreak
