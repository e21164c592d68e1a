#include "config/config_client.h"

#include <algorithm>

#include "base/text.h"
#include "net/google_json.h"
#include "net/url.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kNameCharacters = "/()";  // of names, beside those of every URL

std::string encode(const std::string& name) {
  return percent_encode(name, kNameCharacters);
}

HttpRequest request_of(const GoogleService& service, std::string_view method,
                       const std::string& path) {
  // All may be done twice: what that makes a second time is the same again, or used by nobody.
  HttpRequest request{.method = std::string(method),
                      .url = fmt::format("{}/v1/{}", service.endpoint(), path),
                      .repeatable = true};
  if (service.is_emulator()) request.headers.emplace_back("Authorization", "Bearer owner");
  return request;
}

}  // namespace

Json template_content(Json told) {
  if (!told.is_object()) return Json::object();
  for (const char* field : {"version", "etag"}) told.erase(field);
  for (const char* part : {"conditions", "parameters", "parameterGroups"}) {
    if (field_at(told, part).empty()) told.erase(part);
  }
  return told;
}

ConfigClient::ConfigClient(std::string project, Options options, Clock& clock)
    : project_(std::move(project)),
      rules_(std::move(options.rules), clock),
      remote_config_(std::move(options.remote_config), clock),
      firestore_(std::move(options.firestore), clock) {}

Result<Json> ConfigClient::ask(GoogleService& service, std::string_view method,
                               const std::string& path, const Json& body, std::stop_token stop) {
  HttpRequest request = request_of(service, method, path);
  if (body.is_null()) return service.ask(std::move(request), {}, std::move(stop));
  request.headers.emplace_back("Content-Type", "application/json; charset=UTF-8");
  const std::string text = body.dump();
  return service.ask(std::move(request), as_bytes(text), std::move(stop));
}

Result<std::vector<Json>> ConfigClient::list_all(GoogleService& service, const std::string& path,
                                                 const char* items, std::stop_token stop) {
  std::vector<Json> all;
  std::string token;
  do {
    const char separator = path.find('?') == std::string::npos ? '?' : '&';
    std::string page_path = fmt::format("{}{}pageSize=100", path, separator);
    if (!token.empty()) page_path += "&pageToken=" + percent_encode(token);
    const Json page = TRY(ask(service, "GET", page_path, {}, stop));
    // A part of the service that could not be asked.
    if (const Json& unreachable = field_at(page, "unreachable"); !unreachable.empty()) {
      return error(Code::Unavailable, "the service could not reach {}",
                   printable(unreachable.dump()));
    }
    for (const Json& item : field_at(page, items)) {
      if (text_at(item, "name").empty()) {
        return error(Code::Corrupt, "one of the {} has no name", items);
      }
      all.push_back(item);
    }
    std::string next = text_at(page, "nextPageToken");
    if (!next.empty() && next == token) {
      return error(Code::Io, "the service's listing does not advance");
    }
    token = std::move(next);
  } while (!token.empty());
  std::ranges::sort(all, {}, [](const Json& item) { return text_at(item, "name"); });
  return all;
}

Result<std::vector<Json>> ConfigClient::list_releases(std::stop_token stop) {
  return list_all(rules_, fmt::format("projects/{}/releases", project_), "releases",
                  std::move(stop))
      .context("releases of rules of {}", url());
}

Result<Json> ConfigClient::find_ruleset(const std::string& name, std::stop_token stop) {
  return ask(rules_, "GET", encode(name), {}, std::move(stop)).context("{}", name);
}

Result<std::string> ConfigClient::create_ruleset(const Json& ruleset, std::stop_token stop) {
  const std::string path = fmt::format("projects/{}/rulesets", project_);
  const Json made = TRY(ask(rules_, "POST", path, ruleset, std::move(stop)).context("{}", path));
  const std::string name = text_at(made, "name");
  if (!name.empty()) return name;
  return error(Code::Corrupt, "{}: the service's answer names no ruleset", path);
}

Result<void> ConfigClient::set_release(const std::string& release, const std::string& ruleset,
                                       std::stop_token stop) {
  const Json content{{"name", release}, {"rulesetName", ruleset}};
  const auto change = [&] {
    return ask(rules_, "PATCH", encode(release), {{"release", content}}, stop);
  };
  Result<Json> changed = change();
  if (failed_with(changed, Code::NotFound)) {
    changed = ask(rules_, "POST", fmt::format("projects/{}/releases", project_), content, stop);
    // An earlier try, whose answer was lost, has made it.
    if (failed_with(changed, Code::Conflict)) changed = change();
  }
  TRY(std::move(changed).context("{}", release));
  return {};
}

Result<void> ConfigClient::remove_release(const std::string& release, std::stop_token stop) {
  Result<Json> removed = ask(rules_, "DELETE", encode(release), {}, std::move(stop));
  if (failed_with(removed, Code::NotFound)) return {};
  TRY(std::move(removed).context("{}", release));
  return {};
}

std::string ConfigClient::template_path(TemplateKind kind) const {
  return kind == TemplateKind::Client
             ? fmt::format("projects/{}/remoteConfig", project_)
             : fmt::format("projects/{}/namespaces/firebase-server/serverRemoteConfig", project_);
}

Result<ConfigClient::Template> ConfigClient::read_template(TemplateKind kind,
                                                           std::stop_token stop) {
  const std::string path = template_path(kind);
  HttpRequest request = request_of(remote_config_, "GET", path);
  // Without it some of the service's servers give no ETag.
  request.takes_compressed = true;
  Result<HttpResponse> answered = remote_config_.send(request, {}, {}, std::move(stop));
  if (failed_with(answered, Code::NotFound)) return Template{Json::object(), "*"};
  const HttpResponse answer = TRY(std::move(answered).context("{}", path));
  Template found{parse_json(answer.body), answer.header("etag")};
  if (!found.content.is_object()) {
    return error(Code::Corrupt, "{}: the service's answer is no JSON object", path);
  }
  if (found.etag.empty()) return error(Code::Corrupt, "{}: the answer has no ETag", path);
  return found;
}

Result<void> ConfigClient::write_template(TemplateKind kind, const Template& written,
                                          std::stop_token stop) {
  const std::string path = template_path(kind);
  HttpRequest request = request_of(remote_config_, "PUT", path);
  request.headers.emplace_back("If-Match", written.etag);
  request.headers.emplace_back("Content-Type", "application/json; charset=UTF-8");
  const Json content = template_content(written.content);
  const std::string text = content.dump();
  Result<HttpResponse> answered = remote_config_.send(request, as_bytes(text), {}, stop);
  if (failed_with(answered, Code::Conflict)) {
    // Perhaps by an earlier try of this, whose answer was lost.
    const Template there = TRY(read_template(kind, stop));
    if (template_content(there.content) == content) return {};
  }
  TRY(std::move(answered).context("{}", path));
  return {};
}

Result<std::vector<Json>> ConfigClient::list_databases(std::stop_token stop) {
  return list_all(firestore_, fmt::format("projects/{}/databases", project_), "databases",
                  std::move(stop))
      .context("databases of {}", url());
}

Result<std::vector<Json>> ConfigClient::list_indexes(const std::string& database,
                                                     std::stop_token stop) {
  return list_all(firestore_, encode(database) + "/collectionGroups/-/indexes", "indexes",
                  std::move(stop))
      .context("indexes of {}", database);
}

Result<std::vector<Json>> ConfigClient::list_fields(const std::string& database,
                                                    std::stop_token stop) {
  const std::string filter = percent_encode("indexConfig.usesAncestorConfig:false OR ttlConfig:*");
  const std::string path =
      fmt::format("{}/collectionGroups/-/fields?filter={}", encode(database), filter);
  return list_all(firestore_, path, "fields", std::move(stop)).context("fields of {}", database);
}

Result<std::string> ConfigClient::create_index(const std::string& group, const Json& index,
                                               std::stop_token stop) {
  const std::string path = encode(group) + "/indexes";
  Result<Json> made = ask(firestore_, "POST", path, index, std::move(stop));
  if (failed_with(made, Code::Conflict)) return std::string();
  const Json operation = TRY(std::move(made).context("{}", path));
  return text_at(operation, "name");
}

Result<void> ConfigClient::remove_index(const std::string& name, std::stop_token stop) {
  Result<Json> removed = ask(firestore_, "DELETE", encode(name), {}, std::move(stop));
  if (failed_with(removed, Code::NotFound)) return {};
  TRY(std::move(removed).context("{}", name));
  return {};
}

Result<std::string> ConfigClient::patch(const std::string& name, const std::string& mask,
                                        const Json& changes, std::stop_token stop) {
  const std::string path = fmt::format("{}?updateMask={}", encode(name), percent_encode(mask));
  const Json operation =
      TRY(ask(firestore_, "PATCH", path, changes, std::move(stop)).context("{}", name));
  return text_at(operation, "name");
}

Result<bool> ConfigClient::is_done(const std::string& operation, std::stop_token stop) {
  const Json told =
      TRY(ask(firestore_, "GET", encode(operation), {}, std::move(stop)).context("{}", operation));
  const Json& problem = field_at(told, "error");
  if (problem.is_object()) {
    return error(Code::Io, "{}: {}", operation, printable(text_at(problem, "message")));
  }
  return field_at(told, "done") == Json(true);
}

}  // namespace firebreak
