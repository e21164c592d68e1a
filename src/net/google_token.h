// Access tokens of Google's OAuth 2.0: what is sent to get one, and what comes back (RFC 6749;
// service accounts by RFC 7523).
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "net/google_credentials_file.h"
#include "net/http_client.h"

namespace firebreak {

struct GoogleToken {
  std::string text;  // of visible ASCII characters; never shown
  std::chrono::seconds lifetime{};
};

// Io for anything but a token with a lifetime; the message repeats nothing of it.
Result<GoogleToken> parse_google_token(ByteView json);

// The forms that a token is asked for with. `scope` may hold several, with blanks between them.
Result<std::string> token_form(const GoogleServiceAccount& account, std::string_view scope,
                               WallTime now);
std::string token_form(const GoogleUser& user);

// Why a token was refused, in the endpoint's own words. Unavailable where it may be asked again,
// Unauthenticated where the credentials are no good.
Error token_refused(const HttpResponse& response);

}  // namespace firebreak
