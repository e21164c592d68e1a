// Addresses of servers, taken apart by libcurl so that we and it never disagree about the host.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace firebreak {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string user;    // decoded, as the password is
  std::string password;
  std::string host;  // as spelled in an address: IPv6 in brackets
  std::string port;  // empty for the scheme's own
  std::string path;  // as spelled, begins with '/'
  std::string query;

  // "https://host:port", without the credentials.
  std::string origin() const;
  // "host:port", as the Host header has it.
  std::string authority() const;
};

// Invalid for anything but an absolute http or https address; its message does not repeat the
// text, which may hold a password.
Result<Url> parse_url(const std::string& text);

// The address as it may be shown: no credentials, no query.
std::string without_secrets(const std::string& url);

// Everything but letters, digits, "-._~" and what `keep` names becomes %XX (RFC 3986).
std::string percent_encode(std::string_view text, std::string_view keep = "");
// Nothing where a '%' is not followed by two digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace firebreak
