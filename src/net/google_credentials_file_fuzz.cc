// Credentials that parse have all that a token is asked for with, over an address that keeps it
// secret; a message about those that do not is one line.
#include "net/google_credentials_file.h"
#include "net/url.h"

namespace firebreak {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = parse_google_credentials(std::as_bytes(std::span(data, size)));
  if (!file.ok()) {
    CHECK(is(file.error(), Code::Invalid));
    CHECK(file.error().message().find('\n') == std::string::npos);
    return 0;
  }
  std::string token_url;
  if (const auto* user = std::get_if<GoogleUser>(&file->identity)) {
    CHECK(!user->client_id.empty() && !user->client_secret.empty());
    CHECK(!user->refresh_token.empty());
    token_url = user->token_url;
  } else {
    const auto& account = std::get<GoogleServiceAccount>(file->identity);
    CHECK(!account.email.empty() && account.key.sign(as_bytes("text")).ok());
    token_url = account.token_url;
  }
  const Result<Url> url = parse_url(token_url);
  CHECK(url.ok());
  CHECK(url->scheme == "https" || url->host == "127.0.0.1" || url->host == "localhost" ||
        url->host == "[::1]");
  return 0;
}

}  // namespace firebreak
