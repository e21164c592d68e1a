// What S3's refusals mean to a caller.
#pragma once

#include "backend/s3_xml.h"
#include "net/http_client.h"

namespace firebreak {

// By the service's own word ("Error Responses: List of error codes") where the answer has one that
// is known here, by its status otherwise, see status_error(). Retry-After is kept.
Error s3_error(const HttpResponse& response);

// The region that a refusal asks for; empty for none. Safe to put into a header and a host's name.
std::string wanted_region(const HttpResponse& response, const S3Fault& fault);

}  // namespace firebreak
