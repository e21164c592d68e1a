// HTTP/1.1 requests over libcurl: connections are kept open and used again, certificates are
// checked, redirects are not followed, and a stop request ends a transfer at once.
//
// Errors of send(): Unavailable where the request may be sent again without harm, because nothing
// left this machine or because it is repeatable; UnknownOutcome where the answer to another one
// was lost; Canceled when stopped; Exhausted for an answer above the limit; Unauthenticated for a
// server that cannot prove who it is. An answer with any status is a value, see status_error().
// Proxies are taken from the environment as libcurl does (https_proxy, no_proxy), unless `direct`.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/result.h"

namespace firebreak {

struct HttpOptions {
  std::chrono::seconds connect_timeout{20};
  std::chrono::seconds stall_timeout{90};  // without a byte in either direction
  std::string ca_file = {};                // PEM; the system's where empty
  bool direct = false;                     // never through a proxy
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  // Of a successful answer; what an unsuccessful one says beyond 64 KiB is dropped.
  std::size_t answer_size_max = 1 << 20;
  // A POST or PUT that may be done twice. All other methods may.
  bool repeatable = false;
  // The answer may come compressed, and is given as it was before.
  bool takes_compressed = false;
  // Sent before and after the body, so that one in parts needs no copy of its large part.
  std::string body_head = {};
  std::string body_tail = {};
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  Bytes body;

  bool ok() const { return status >= 200 && status < 300; }
  // Empty where the answer lacks it.
  std::string header(std::string_view name) const;
  // What the answer says is the size, for HEAD too.
  std::optional<std::uint64_t> content_length() const;
};

// Thread-safe; each call under way has a connection of its own.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The answer's body lies in the storage of `buffer`, from its beginning. `body` is sent by
  // POST, PUT and PATCH, and must be empty otherwise, as the request's head and tail of it.
  Result<HttpResponse> send(const HttpRequest& request, ByteView body, Bytes buffer,
                            std::stop_token stop);

 private:
  struct Line;  // a connection and the handles that drive it
  std::unique_ptr<Line> take();
  void give_back(std::unique_ptr<Line> line);

  HttpOptions options_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Line>> idle_ GUARDED_BY(mutex_);
};

}  // namespace firebreak
