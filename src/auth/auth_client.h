// Calls to the users of one project by the Identity Toolkit API. Thread-safe.
#pragma once

#include <vector>

#include "auth/user.h"
#include "net/google_service.h"

namespace firebreak {

constexpr char kAuthEndpoint[] = "https://identitytoolkit.googleapis.com";
constexpr std::size_t kUsersPerCall = 1000;  // of imports, deletions and pages

// "projects/p/tenants/T" → "T".
std::string tenant_id(const nlohmann::json& tenant);

class AuthClient {
 public:
  using Options = GoogleService::Options;
  // Asks nothing of the service yet. Borrows the clock.
  AuthClient(std::string project, Options options, Clock& clock);

  bool is_emulator() const { return service_.is_emulator(); }
  std::string url() const { return "auth://" + project_; }
  // For people: "the emulator at http://127.0.0.1:9199".
  std::string endpoint() const { return service_.place(); }

  // All are tried again while Unavailable; NotFound where the project has no Authentication,
  // Denied, and the other errors of google_error(). `tenant`: empty for the project's own users.

  // How the project signs in, as the service tells it.
  Result<nlohmann::json> describe_project(std::stop_token stop);
  // In the order of names; none of a project that cannot have tenants. `project`: its description.
  Result<std::vector<nlohmann::json>> list_tenants(const nlohmann::json& project,
                                                   std::stop_token stop);
  // By kind ("oauthIdpConfigs", …) what the service lists; empty of an emulator, which has none.
  Result<nlohmann::json> describe_providers(const std::string& tenant, std::stop_token stop);

  struct Page {
    std::vector<User> users;  // in no order; what changes meanwhile is twice or not among them
    std::string next_token;   // empty on the last page
  };
  // `token`: of the page before; empty for the first.
  Result<Page> list(const std::string& tenant, const std::string& token, std::stop_token stop);
  Result<std::uint64_t> count(const std::string& tenant, std::stop_token stop);
  // Those that there are of `values`: ids, addresses or numbers, as `field` says ("localId",
  // "email", "phoneNumber"). One call for every hundred.
  Result<std::vector<User>> find(const std::string& tenant, const char* field,
                                 const std::vector<std::string>& values, std::stop_token stop);

  // What the service refuses of a call that succeeds otherwise.
  struct Refusal {
    std::size_t at;  // in what was given
    std::string why;
  };
  // Writes at most kUsersPerCall users, each as a whole; with `overwrite` in the place of those
  // that have their ids. `hash`: what their passwords are hashed with, as import_hash() has it.
  Result<std::vector<Refusal>> import_users(const std::string& tenant,
                                            const std::vector<nlohmann::json>& users,
                                            const nlohmann::json& hash, bool overwrite,
                                            std::stop_token stop);
  // At most kUsersPerCall. One that is gone already is fine.
  Result<std::vector<Refusal>> remove(const std::string& tenant,
                                      const std::vector<std::string>& ids, std::stop_token stop);

 private:
  std::string project_url(std::string_view version, const std::string& tenant) const;
  Result<nlohmann::json> ask(std::string_view method, std::string url, const nlohmann::json& body,
                             std::stop_token stop);
  Result<std::vector<nlohmann::json>> list_all(const std::string& url, const char* items,
                                               std::stop_token stop);

  const std::string project_;
  GoogleService service_;
};

}  // namespace firebreak
