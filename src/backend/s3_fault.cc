#include "backend/s3_fault.h"

#include <algorithm>

#include "base/text.h"
#include "net/http_status.h"

namespace firebreak {
namespace {

struct Meaning {
  std::string_view word;
  Code code;
  std::string_view way_out = {};
};

constexpr std::string_view kSetTheClock = "set this machine's clock";
constexpr std::string_view kRenew = "renew the credentials";

// Where the status alone would mislead, or where there is more to say.
constexpr Meaning kMeanings[] = {
    {"AccessDenied", Code::Denied},
    {"AccountProblem", Code::Denied},
    {"AllAccessDisabled", Code::Denied},
    {"AuthorizationHeaderMalformed", Code::Unauthenticated, "set AWS_REGION"},
    {"BadDigest", Code::Unavailable},  // damaged on the way
    {"ConditionalRequestConflict", Code::Unavailable},
    {"ExpiredToken", Code::Unauthenticated, kRenew},
    {"IncompleteBody", Code::Unavailable},
    {"InternalError", Code::Unavailable},
    {"InvalidAccessKeyId", Code::Unauthenticated, "check AWS_ACCESS_KEY_ID"},
    {"InvalidBucketName", Code::Invalid},
    {"InvalidObjectState", Code::Denied, "the file is archived; have the service restore it first"},
    {"InvalidToken", Code::Unauthenticated, kRenew},
    {"NoSuchBucket", Code::NotFound},
    {"NoSuchKey", Code::NotFound},
    {"NoSuchUpload", Code::Unavailable},  // somebody cleaned up: it begins anew
    {"OperationAborted", Code::Unavailable},
    {"PreconditionFailed", Code::Conflict},
    {"QuotaExceeded", Code::Exhausted},
    {"RequestExpired", Code::Unauthenticated, kSetTheClock},
    {"RequestTimeTooSkewed", Code::Unauthenticated, kSetTheClock},
    {"RequestTimeout", Code::Unavailable},
    {"ServiceUnavailable", Code::Unavailable},
    {"SignatureDoesNotMatch", Code::Unauthenticated, "check AWS_SECRET_ACCESS_KEY"},
    {"SlowDown", Code::Unavailable},
    {"TokenRefreshRequired", Code::Unauthenticated, kRenew},
    {"TooManyRequests", Code::Unavailable},
    {"XAmzContentSHA256Mismatch", Code::Corrupt},
    {"XMinioStorageFull", Code::Exhausted},
};

const Meaning* meaning_of(std::string_view word) {
  const auto* const found =
      std::ranges::find_if(kMeanings, [&](const Meaning& known) { return known.word == word; });
  return found == std::end(kMeanings) ? nullptr : found;
}

std::string said(const HttpResponse& response, const S3Fault& fault) {
  if (fault.code.empty()) return to_text(response.body);
  std::string text = fault.code;
  if (!fault.message.empty()) text += ": " + fault.message;
  if (fault.code == "RequestTimeTooSkewed") {
    text += fmt::format("; the service's time is {}", response.header("date"));
  }
  return text;
}

}  // namespace

Error s3_error(const HttpResponse& response) {
  const S3Fault fault = parse_s3_fault(response.body);
  Error by_status = status_error(response, said(response, fault));
  const std::string region = wanted_region(response, fault);
  if (response.status == 301 && !region.empty()) {
    return error(Code::Invalid,
                 "the bucket lies in the region {0}: write its own host, as in "
                 "s3:https://s3.{0}.amazonaws.com/bucket",
                 region);
  }
  const Meaning* const meaning = meaning_of(fault.code);
  if (meaning == nullptr) return by_status;
  const std::string_view way_out = meaning->way_out;
  Error refusal(meaning->code,
                fmt::format("{}{}{}", by_status.message(), way_out.empty() ? "" : ": ", way_out));
  if (!is(refusal, Code::Unavailable)) return refusal;
  const std::optional<std::chrono::milliseconds> wait = retry_after(response);
  return wait ? std::move(refusal).after(*wait) : refusal;
}

std::string wanted_region(const HttpResponse& response, const S3Fault& fault) {
  std::string region = fault.region;
  if (region.empty()) region = response.header("x-amz-bucket-region");
  const bool fits = region.size() <= 40 && std::ranges::all_of(region, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                    });
  return fits ? region : std::string();
}

}  // namespace firebreak
