#include "net/google_client.h"

#include "net/url.h"

namespace firebreak {

Result<std::string> emulator_origin(const Environment& environment, const char* name) {
  const std::string emulator = variable(environment, name);
  if (emulator.empty()) return std::string();
  const bool is_address = emulator.find("://") != std::string::npos;
  const Url url = TRY(parse_url(is_address ? emulator : "http://" + emulator).context("{}", name));
  return url.origin();
}

Result<HttpResponse> GoogleClient::send(const HttpRequest& request, ByteView body, Bytes buffer,
                                        std::stop_token stop) {
  if (!credentials_) return client_.send(request, body, std::move(buffer), stop);
  for (bool again = false;; again = true) {
    const std::string token = TRY(credentials_->token(stop));
    HttpRequest authorized = request;
    authorized.headers.emplace_back("Authorization", "Bearer " + token);
    if (!credentials_->quota_project().empty()) {
      authorized.headers.emplace_back("x-goog-user-project", credentials_->quota_project());
    }
    HttpResponse response = TRY(client_.send(authorized, body, std::move(buffer), stop));
    if (response.status != 401 || again) return response;
    credentials_->refuse(token);
    buffer = std::move(response.body);
  }
}

}  // namespace firebreak
