#include "net/google_credentials_file.h"

#include "base/text.h"
#include "net/google_json.h"
#include "net/url.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr char kTokenUrl[] = "https://oauth2.googleapis.com/token";
constexpr char kUniverse[] = "googleapis.com";

Result<std::string> required(const Json& json, const char* name) {
  std::string text = text_at(json, name);
  if (text.empty()) return error(Code::Invalid, "the field \"{}\" is missing", name);
  return text;
}

bool is_this_machine(std::string_view host) {
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

Result<std::string> token_url(const Json& json) {
  const std::string text = text_at(json, "token_uri");
  if (text.empty()) return std::string(kTokenUrl);
  const Result<Url> url = parse_url(text);
  if (!url.ok() || !(url->scheme == "https" || is_this_machine(url->host))) {
    return error(Code::Invalid, "the field \"token_uri\" is no https address");
  }
  return text;
}

Result<GoogleCredentialsFile> parse_service_account(const Json& json) {
  std::string email = TRY(required(json, "client_email"));
  const std::string pem = TRY(required(json, "private_key"));
  Rs256Key key = TRY(Rs256Key::parse_pem(pem).context("the field \"private_key\""));
  std::string url = TRY(token_url(json));
  return GoogleCredentialsFile{
      GoogleServiceAccount{std::move(email), text_at(json, "private_key_id"), std::move(key),
                           std::move(url)},
      {}};
}

Result<GoogleCredentialsFile> parse_user(const Json& json) {
  GoogleUser user;
  user.client_id = TRY(required(json, "client_id"));
  user.client_secret = TRY(required(json, "client_secret"));
  user.refresh_token = TRY(required(json, "refresh_token"));
  user.token_url = TRY(token_url(json));
  return GoogleCredentialsFile{std::move(user), {}};
}

Result<GoogleCredentialsFile> parse_kind(const Json& json) {
  const std::string type = text_at(json, "type");
  if (type == "service_account") return parse_service_account(json);
  if (type == "authorized_user") return parse_user(json);
  if (type.empty()) {
    return error(Code::Invalid, "no Google credentials: the field \"type\" is missing");
  }
  return error(Code::Invalid,
               "credentials of type \"{}\" are not supported; service_account and "
               "authorized_user are",
               printable(type.substr(0, 100)));
}

}  // namespace

Result<GoogleCredentialsFile> parse_google_credentials(ByteView text) {
  const Json json = parse_json(text);
  if (!json.is_object()) return error(Code::Invalid, "no Google credentials: not a JSON object");
  const std::string universe = text_at(json, "universe_domain");
  if (!universe.empty() && universe != kUniverse) {
    return error(Code::Invalid, "the field \"universe_domain\" names another cloud than {}",
                 kUniverse);
  }
  GoogleCredentialsFile file = TRY(parse_kind(json));
  file.quota_project = text_at(json, "quota_project_id");
  return file;
}

}  // namespace firebreak
