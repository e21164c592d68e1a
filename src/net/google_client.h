// HTTP requests to Google's services in the name of credentials. Thread-safe.
#pragma once

#include "net/google_credentials.h"
#include "net/http_client.h"

namespace firebreak {

constexpr char kStorageEndpoint[] = "https://storage.googleapis.com";
constexpr char kStorageEmulator[] = "STORAGE_EMULATOR_HOST";
constexpr char kAuthEmulator[] = "FIREBASE_AUTH_EMULATOR_HOST";
// "http://host:port" of the emulator that a variable names, as an address or as the host of one;
// empty where it names none.
Result<std::string> emulator_origin(const Environment& environment, const char* name);

class GoogleClient {
 public:
  // Without credentials for an emulator, which must not be shown real ones.
  GoogleClient(std::unique_ptr<GoogleCredentials> credentials, HttpOptions options)
      : credentials_(std::move(credentials)), client_(std::move(options)) {}

  // As HttpClient::send(), and the errors of GoogleCredentials::token(). A service that refuses
  // the token (401) has done nothing: it is asked once more, with a new one.
  Result<HttpResponse> send(const HttpRequest& request, ByteView body, Bytes buffer,
                            std::stop_token stop);

 private:
  std::unique_ptr<GoogleCredentials> credentials_;  // may be null
  HttpClient client_;
};

}  // namespace firebreak
