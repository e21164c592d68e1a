#include "net/google_status.h"

#include "net/google_json.h"
#include "net/http_status.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

// The reason that the first entry of a list with one gives.
std::string first_reason(const Json& entries) {
  if (!entries.is_array()) return {};
  for (const Json& entry : entries) {
    std::string reason = text_at(entry, "reason");
    if (!reason.empty()) return reason;
  }
  return {};
}

}  // namespace

GoogleFailure parse_google_failure(ByteView text) {
  const Json json = parse_json(text);
  const Json& failure = field_at(json, "error");
  if (!failure.is_object()) return {{}, to_text(text)};
  std::string reason = first_reason(field_at(failure, "errors"));  // Storage, Identity Toolkit
  if (reason.empty()) reason = first_reason(field_at(failure, "details"));  // all others
  if (reason.empty()) reason = text_at(failure, "status");
  return {std::move(reason), text_at(failure, "message")};
}

Error google_error(const HttpResponse& response) {
  const GoogleFailure failure = parse_google_failure(response.body);
  Error refused = status_error(
      response, failure.reason.empty() ? failure.message : failure.reason + ": " + failure.message);
  const bool is_too_often =
      failure.reason == "rateLimitExceeded" || failure.reason == "userRateLimitExceeded";
  if (response.status != 403 || !is_too_often) return refused;
  Error later(Code::Unavailable, refused.message());
  const std::optional<std::chrono::milliseconds> wait = retry_after(response);
  return wait ? std::move(later).after(*wait) : later;
}

}  // namespace firebreak
