#include "auth/auth_client.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "net/google_json.h"
#include "net/url.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLookupMax = 100;

// What the service says of single users in an answer that is a success.
Result<std::vector<AuthClient::Refusal>> refusals(const Json& answer, const char* field,
                                                  std::size_t given) {
  std::vector<AuthClient::Refusal> refused;
  for (const Json& one : field_at(answer, field)) {
    // Left out where it is 0.
    const std::uint64_t at = number_at(one, "index").value_or(0);
    if (!one.is_object() || at >= given) {
      return error(Code::Corrupt, "the service refuses users that it was not given");
    }
    refused.push_back({at, text_at(one, "message")});
  }
  return refused;
}

Result<std::vector<User>> parse_users(const Json& answer, const std::string& tenant) {
  std::vector<User> users;
  for (const Json& one : field_at(answer, "users")) {
    User user = TRY(parse_user(one, tenant));
    users.push_back(std::move(user));
  }
  return users;
}

}  // namespace

std::string tenant_id(const Json& tenant) {
  const std::string name = text_at(tenant, "name");
  return name.substr(name.rfind('/') + 1);
}

AuthClient::AuthClient(std::string project, Options options, Clock& clock)
    : project_(std::move(project)), service_(std::move(options), clock) {}

std::string AuthClient::project_url(std::string_view version, const std::string& tenant) const {
  std::string url = fmt::format("{}/{}/projects/{}", service_.endpoint(), version, project_);
  if (!tenant.empty()) url += "/tenants/" + percent_encode(tenant);
  return url;
}

// All of these calls may be done twice: an import writes the same again.
Result<Json> AuthClient::ask(std::string_view method, std::string url, const Json& body,
                             std::stop_token stop) {
  HttpRequest request{
      .method = std::string(method), .url = std::move(url), .headers = {}, .repeatable = true};
  if (is_emulator()) request.headers.emplace_back("Authorization", "Bearer owner");
  if (body.is_null()) return service_.ask(std::move(request), {}, std::move(stop));
  request.headers.emplace_back("Content-Type", "application/json; charset=UTF-8");
  const std::string text = body.dump();
  return service_.ask(std::move(request), as_bytes(text), std::move(stop));
}

Result<std::vector<Json>> AuthClient::list_all(const std::string& url, const char* items,
                                               std::stop_token stop) {
  std::vector<Json> all;
  std::string token;
  do {
    const std::string from = token.empty() ? "" : "&pageToken=" + percent_encode(token);
    const Json page = TRY(ask("GET", fmt::format("{}?pageSize=100{}", url, from), {}, stop));
    for (const Json& item : field_at(page, items)) all.push_back(item);
    const std::string next = text_at(page, "nextPageToken");
    if (!next.empty() && next == token) {
      return error(Code::Io, "the service's listing does not advance");
    }
    token = next;
  } while (!token.empty());
  return all;
}

Result<Json> AuthClient::describe_project(std::stop_token stop) {
  return ask("GET", project_url("v2", "") + "/config", {}, std::move(stop)).context("{}", url());
}

Result<std::vector<Json>> AuthClient::list_tenants(const Json& project, std::stop_token stop) {
  Result<std::vector<Json>> listed =
      list_all(project_url("v2", "") + "/tenants", "tenants", std::move(stop))
          .context("tenants of {}", url());
  // A project that was never upgraded to have tenants refuses to list them.
  const bool has_tenants = field_at(field_at(project, "multiTenant"), "allowTenants") == Json(true);
  if (failed_with(listed, Code::Invalid) && !has_tenants) return std::vector<Json>();
  std::vector<Json> tenants = TRY(std::move(listed));
  std::ranges::sort(tenants, {}, tenant_id);
  if (tenants.empty() || !tenant_id(tenants.front()).empty()) return tenants;
  return error(Code::Corrupt, "{}: a tenant without a name", url());
}

Result<Json> AuthClient::describe_providers(const std::string& tenant, std::stop_token stop) {
  Json providers = Json::object();
  if (is_emulator()) return providers;
  for (const char* kind : {"defaultSupportedIdpConfigs", "oauthIdpConfigs", "inboundSamlConfigs"}) {
    const std::vector<Json> all =
        TRY(list_all(fmt::format("{}/{}", project_url("v2", tenant), kind), kind, stop)
                .context("{} of {}", kind, url()));
    if (!all.empty()) providers[kind] = all;
  }
  return providers;
}

Result<AuthClient::Page> AuthClient::list(const std::string& tenant, const std::string& token,
                                          std::stop_token stop) {
  const std::string from = token.empty() ? "" : "&nextPageToken=" + percent_encode(token);
  const Json json = TRY(ask("GET",
                            fmt::format("{}/accounts:batchGet?maxResults={}{}",
                                        project_url("v1", tenant), kUsersPerCall, from),
                            {}, std::move(stop))
                            .context("users of {}", url()));
  Page page;
  page.users = TRY(parse_users(json, tenant).context("users of {}", url()));
  page.next_token = text_at(json, "nextPageToken");
  // The end is a page without users, too, with a token or not.
  if (page.users.empty()) page.next_token.clear();
  if (page.next_token != token || token.empty()) return page;
  return error(Code::Io, "users of {}: the service's listing does not advance", url());
}

Result<std::uint64_t> AuthClient::count(const std::string& tenant, std::stop_token stop) {
  const Json json = TRY(ask("POST", project_url("v1", tenant) + "/accounts:query",
                            {{"returnUserInfo", false}}, std::move(stop))
                            .context("counting the users of {}", url()));
  if (!json.contains("recordsCount")) return 0;  // left out where it is 0
  if (const std::optional<std::uint64_t> number = number_at(json, "recordsCount")) return *number;
  return error(Code::Corrupt, "counting the users of {}: the answer is no number", url());
}

Result<std::vector<User>> AuthClient::find(const std::string& tenant, const char* field,
                                           const std::vector<std::string>& values,
                                           std::stop_token stop) {
  std::vector<User> found;
  const std::span<const std::string> all(values);
  for (std::size_t at = 0; at < all.size(); at += kLookupMax) {
    Json asked = Json::array();
    for (const std::string& value : all.subspan(at, std::min(kLookupMax, all.size() - at))) {
      asked.push_back(value);
    }
    const Json answer = TRY(ask("POST", project_url("v1", tenant) + "/accounts:lookup",
                                {{field, std::move(asked)}}, stop)
                                .context("users of {}", url()));
    std::vector<User> some = TRY(parse_users(answer, tenant).context("users of {}", url()));
    std::ranges::move(some, std::back_inserter(found));
  }
  return found;
}

Result<std::vector<AuthClient::Refusal>> AuthClient::import_users(const std::string& tenant,
                                                                  const std::vector<Json>& users,
                                                                  const Json& hash, bool overwrite,
                                                                  std::stop_token stop) {
  CHECK(!users.empty() && users.size() <= kUsersPerCall);
  Json body = hash;
  body["users"] = users;
  body["allowOverwrite"] = overwrite;
  if (!tenant.empty()) body["tenantId"] = tenant;
  const Json answer =
      TRY(ask("POST", project_url("v1", tenant) + "/accounts:batchCreate", body, std::move(stop))
              .context("writing users of {}", url()));
  return refusals(answer, "error", users.size()).context("writing users of {}", url());
}

Result<std::vector<AuthClient::Refusal>> AuthClient::remove(const std::string& tenant,
                                                            const std::vector<std::string>& ids,
                                                            std::stop_token stop) {
  CHECK(!ids.empty() && ids.size() <= kUsersPerCall);
  const Json answer = TRY(ask("POST", project_url("v1", tenant) + "/accounts:batchDelete",
                              {{"localIds", ids}, {"force", true}}, std::move(stop))
                              .context("deleting users of {}", url()));
  return refusals(answer, "errors", ids.size()).context("deleting users of {}", url());
}

}  // namespace firebreak
