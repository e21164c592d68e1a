// AWS Signature Version 4 in an Authorization header, as S3 wants it ("Authenticating Requests:
// Using the Authorization Header"): the path is encoded once, and the SHA-256 of the payload is
// part of what is signed.
#pragma once

#include "base/clock.h"
#include "crypto/sha256.h"
#include "net/http_client.h"

namespace firebreak {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;   // never shown, as is the next one
  std::string session_token = {};  // of temporary credentials; may be empty
};

// The request with the headers that sign it: all that it has are covered, and so is the address,
// which must be spelled as it is sent (percent_encode(), '/' kept in the path). Services accept a
// signature for 15 minutes before and after `now`. Invalid where the address is none.
Result<HttpRequest> sign(HttpRequest request, const Sha256& payload,
                         const AwsCredentials& credentials, std::string_view region, WallTime now);

// The parameters of a query in the order in which they are signed, each with its '='.
std::string canonical_query(std::string_view query);

}  // namespace firebreak
