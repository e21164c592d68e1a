// One of Google's services, by HTTP and JSON: asked again while it cannot answer. Thread-safe.
#pragma once

#include <atomic>
#include <nlohmann/json.hpp>

#include "base/retry.h"
#include "net/google_client.h"

namespace firebreak {

class GoogleService {
 public:
  struct Options {
    std::string endpoint;  // "https://storage.googleapis.com"
    // Nothing for an emulator, which must not be shown real ones.
    std::unique_ptr<GoogleCredentials> credentials = {};
    HttpOptions http = {};
    RetryPolicy retries = {};
  };
  // Asks nothing of the service yet. Borrows the clock.
  GoogleService(Options options, Clock& clock);

  bool is_emulator() const { return is_emulator_; }
  const std::string& endpoint() const { return endpoint_; }
  // For people: "the emulator at http://127.0.0.1:9199".
  std::string place() const;

  // Of an answer that is no success google_error(), and Invalid for 400; but for 308, which asks for
  // more. Tried again while Unavailable.
  Result<HttpResponse> send(const HttpRequest& request, ByteView body, Bytes buffer,
                            std::stop_token stop);
  // The object of an answer. Corrupt where it is none; the errors of send().
  Result<nlohmann::json> ask(HttpRequest request, ByteView body, std::stop_token stop);

  // For what is tried again by other rules.
  Tries tries();

 private:
  const std::string endpoint_;
  const bool is_emulator_;
  const RetryPolicy retries_;
  Clock& clock_;
  GoogleClient client_;
  std::atomic<std::uint64_t> next_seed_;
};

}  // namespace firebreak
