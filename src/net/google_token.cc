#include "net/google_token.h"

#include <algorithm>

#include "base/text.h"
#include "net/google_json.h"
#include "net/http_status.h"
#include "net/url.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kAssertionLifetime = std::chrono::hours(1);  // the longest allowed
constexpr std::uint64_t kTokenLifetimeMax = 24 * 60 * 60;
constexpr std::string_view kPassing[] = {"internal_failure", "server_error",
                                         "temporarily_unavailable"};

std::string base64url_of(const Json& json) {
  return to_base64url(as_bytes(json.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

}  // namespace

Result<GoogleToken> parse_google_token(ByteView text) {
  const Json json = parse_json(text);
  const std::string token = text_at(json, "access_token");
  const std::optional<std::uint64_t> seconds = number_at(json, "expires_in");
  if (token.empty() || !std::ranges::all_of(token, is_visible) || !seconds) {
    return error(Code::Io, "the answer holds no access token");
  }
  return GoogleToken{token, std::chrono::seconds(std::min(*seconds, kTokenLifetimeMax))};
}

Result<std::string> token_form(const GoogleServiceAccount& account, std::string_view scope,
                               WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  Json header = {{"alg", "RS256"}, {"typ", "JWT"}};
  if (!account.key_id.empty()) header["kid"] = account.key_id;
  const Json claims = {{"iss", account.email},
                       {"scope", scope},
                       {"aud", account.token_url},
                       {"iat", seconds.count()},
                       {"exp", (seconds + kAssertionLifetime).count()}};
  const std::string signed_part = base64url_of(header) + "." + base64url_of(claims);
  const Bytes signature = TRY(account.key.sign(as_bytes(signed_part)));
  return fmt::format(
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}.{}",
      signed_part, to_base64url(signature));
}

std::string token_form(const GoogleUser& user) {
  return fmt::format("grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
                     percent_encode(user.client_id), percent_encode(user.client_secret),
                     percent_encode(user.refresh_token));
}

Error token_refused(const HttpResponse& response) {
  const Json json = parse_json(response.body);
  const std::string reason = text_at(json, "error");
  const std::string description = text_at(json, "error_description");
  std::string said = reason;
  if (!description.empty()) said += fmt::format(": {}", description);
  Error refused = status_error(response, said);
  if (is(refused, Code::Unavailable)) return refused;
  if (std::ranges::find(kPassing, reason) != std::end(kPassing)) {
    return Error(Code::Unavailable, refused.message());
  }
  // invalid_grant arrives as 400.
  if (response.status == 400 || response.status == 401 || response.status == 403) {
    return Error(Code::Unauthenticated, refused.message());
  }
  return refused;
}

}  // namespace firebreak
