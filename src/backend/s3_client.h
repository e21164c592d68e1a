// Signed requests to one S3 service. It learns from refusals what a signature needs and nobody
// may have said: the region, and how far this machine's clock is off. Such a refusal has done
// nothing, so that the request is signed anew and sent again, once for each. Thread-safe.
#pragma once

#include "backend/aws_signature.h"
#include "backend/location.h"

namespace firebreak {

struct S3Access {
  bool https = true;
  std::string host;  // and ":port"
  std::string region = "us-east-1";
  AwsCredentials credentials;
};

// Where a bucket of the region is served: buckets of all regions are named by s3.amazonaws.com,
// which serves those of the oldest alone.
std::string s3_host(const std::string& host, std::string_view region);

class S3Client {
 public:
  // Borrows `clock`.
  S3Client(S3Access access, const HttpOptions& http, Clock& clock);

  // As HttpClient::send(), but `request.url` begins with the path. `payload` is the SHA-256 of
  // `body`, for callers that know it. A HEAD that is refused is answered by what the service says
  // about it, if anything.
  Result<HttpResponse> send(const HttpRequest& request, ByteView body, const Sha256& payload,
                            Bytes buffer, std::stop_token stop);
  Result<HttpResponse> send(const HttpRequest& request, ByteView body, std::stop_token stop) {
    return send(request, body, sha256(body), {}, stop);
  }

  // As known by now.
  std::string region() const;

 private:
  // What signatures are made with.
  struct Terms {
    std::string region;
    Nanoseconds clock_offset{};  // what the service's clock is ahead
  };
  enum class Lesson { None, Region, Clock };

  Terms terms() const;
  Result<HttpResponse> send_once(const HttpRequest& request, ByteView body, const Sha256& payload,
                                 Bytes buffer, std::stop_token stop);
  Result<HttpResponse> send_signed(HttpRequest request, ByteView body, const Sha256& payload,
                                   Bytes buffer, std::stop_token stop);
  Lesson learn(const HttpResponse& refusal);

  const S3Access access_;
  Clock& clock_;
  HttpClient http_;
  mutable Mutex mutex_;
  Terms terms_ GUARDED_BY(mutex_);
};

}  // namespace firebreak
