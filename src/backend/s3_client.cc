#include "backend/s3_client.h"

#include <set>

#include "backend/s3_fault.h"
#include "net/http_status.h"

namespace firebreak {
namespace {

// Refusals whose reason is in a body, which an answer to HEAD does not have.
bool is_unexplained(const HttpRequest& request, const HttpResponse& response) {
  return request.method == "HEAD" && response.status >= 300 && response.status < 500 &&
         response.status != 404;
}

}  // namespace

std::string s3_host(const std::string& host, std::string_view region) {
  if (host != "s3.amazonaws.com" || region == "us-east-1") return host;
  return fmt::format("s3.{}.amazonaws.com", region);
}

S3Client::S3Client(S3Access access, const HttpOptions& http, Clock& clock)
    : access_(std::move(access)), clock_(clock), http_(http), terms_{access_.region} {}

Result<HttpResponse> S3Client::send(const HttpRequest& request, ByteView body,
                                    const Sha256& payload, Bytes buffer, std::stop_token stop) {
  std::set<Lesson> learnt;
  while (true) {
    HttpResponse response = TRY(send_once(request, body, payload, std::move(buffer), stop));
    if (response.ok()) return response;
    const Lesson lesson = learn(response);
    if (lesson == Lesson::None || !learnt.insert(lesson).second) return response;
    buffer = std::move(response.body);
  }
}

std::string S3Client::region() const {
  return terms().region;
}

S3Client::Terms S3Client::terms() const {
  const MutexLock lock(mutex_);
  return terms_;
}

Result<HttpResponse> S3Client::send_once(const HttpRequest& request, ByteView body,
                                         const Sha256& payload, Bytes buffer,
                                         std::stop_token stop) {
  HttpResponse response = TRY(send_signed(request, body, payload, std::move(buffer), stop));
  if (!is_unexplained(request, response)) return response;
  HttpRequest question{.url = request.url, .headers = {{"Range", "bytes=0-0"}}};
  Result<HttpResponse> explained = send_signed(std::move(question), {}, payload, {}, stop);
  if (explained.ok() && !explained->ok()) return explained;
  return response;
}

Result<HttpResponse> S3Client::send_signed(HttpRequest request, ByteView body,
                                           const Sha256& payload, Bytes buffer,
                                           std::stop_token stop) {
  const Terms terms = this->terms();
  request.url = fmt::format("{}://{}{}", access_.https ? "https" : "http",
                            s3_host(access_.host, terms.region), request.url);
  const HttpRequest signed_request = TRY(sign(std::move(request), payload, access_.credentials,
                                              terms.region, clock_.now() + terms.clock_offset));
  return http_.send(signed_request, body, std::move(buffer), stop);
}

S3Client::Lesson S3Client::learn(const HttpResponse& refusal) {
  const S3Fault fault = parse_s3_fault(refusal.body);
  if (fault.code == "RequestTimeTooSkewed") {
    const std::optional<std::chrono::sys_seconds> theirs = server_time(refusal);
    if (!theirs) return Lesson::None;
    const MutexLock lock(mutex_);
    terms_.clock_offset = *theirs - clock_.now();
    return Lesson::Clock;
  }
  if (fault.code != "AuthorizationHeaderMalformed" && refusal.status != 301) return Lesson::None;
  const std::string region = wanted_region(refusal, fault);
  const MutexLock lock(mutex_);
  // The region alone does not help where the host serves another one.
  if (region.empty() || (refusal.status == 301 && s3_host(access_.host, region) == access_.host)) {
    return Lesson::None;
  }
  terms_.region = region;
  return Lesson::Region;
}

}  // namespace firebreak
