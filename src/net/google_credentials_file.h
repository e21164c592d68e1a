// The files that hold Google credentials, as Google's console and gcloud write them
// (google.aip.dev/auth/4110). Whoever writes the file decides where its secrets are sent: only
// over https, or to this machine.
#pragma once

#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rs256.h"

namespace firebreak {

struct GoogleServiceAccount {
  std::string email;
  std::string key_id;  // may be empty
  Rs256Key key;
  std::string token_url;
};

// Somebody who signed in with gcloud.
struct GoogleUser {
  std::string client_id;
  std::string client_secret;  // never shown, as the refresh token
  std::string refresh_token;
  std::string token_url;
};

struct GoogleCredentialsFile {
  std::variant<GoogleServiceAccount, GoogleUser> identity;
  std::string quota_project;  // which project calls count for; empty for the identity's own
};

// Invalid with one line that says what is wrong; it repeats nothing secret.
Result<GoogleCredentialsFile> parse_google_credentials(ByteView json);

}  // namespace firebreak
