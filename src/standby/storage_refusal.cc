#include "standby/storage_refusal.h"

#include "net/google_json.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr char kReason[] = "reason";
constexpr int kDepthMax = 32;
constexpr std::size_t kJsonBytesMax = 1 << 20;

struct Word {
  int status;
  const char* reason;
};

Word word_of(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return {400, "invalid"};
    case absl::StatusCode::kPermissionDenied:
      return {403, "forbidden"};
    case absl::StatusCode::kNotFound:
      return {404, "notFound"};
    case absl::StatusCode::kAlreadyExists:
      return {409, "conflict"};
    case absl::StatusCode::kFailedPrecondition:
      return {412, "conditionNotMet"};
    case absl::StatusCode::kOutOfRange:
      return {416, "requestedRangeNotSatisfiable"};
    case absl::StatusCode::kAborted:
      return {304, "notModified"};
    case absl::StatusCode::kCancelled:
      return {499, "cancelled"};
    case absl::StatusCode::kUnimplemented:
      return {501, "notImplemented"};
    case absl::StatusCode::kResourceExhausted:
      return {507, "insufficientStorage"};
    default:
      return {500, "internalError"};
  }
}

// The parser below keeps what is open on a heap of its own, and so do those who read what it made
// not: they call themselves.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

absl::Status with_reason(absl::Status status, std::string_view reason) {
  status.SetPayload(kReason, absl::Cord(std::string(reason)));
  return status;
}

}  // namespace

absl::Status not_found(std::string_view message) {
  return refuse(absl::StatusCode::kNotFound, "{}", message);
}

absl::Status required(std::string_view what) {
  return with_reason(invalid("Required parameter: {}", what), "required");
}

absl::Status condition_not_met() {
  return absl::FailedPreconditionError(
      "At least one of the pre-conditions you specified did not hold.");
}

absl::Status not_served(std::string_view what) {
  return refuse(absl::StatusCode::kUnimplemented, "The stand-in does not serve {}.", what);
}

StorageResponse refused(const absl::Status& status) {
  const Word word = word_of(status.code());
  if (word.status == 304) return {.status = word.status};
  const auto other = status.GetPayload(kReason);
  const std::string reason = other ? std::string(*other) : word.reason;
  const std::string message(status.message());
  Json error = {{"message", message}, {"domain", "global"}, {"reason", reason}};
  return json_response({{"error",
                         {{"code", word.status},
                          {"message", message},
                          {"errors", Json::array({std::move(error)})}}}},
                       word.status);
}

StorageResponse json_response(const Json& json, int status) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json; charset=UTF-8"},
                      {"Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"}},
          .body = dump_json(json)};
}

std::string dump_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Answer<Json> parse_bounded_json(std::string_view text) {
  if (text.empty()) return Json();
  const Json json = is_too_deep(text) ? Json() : parse_json(as_bytes(text));
  if (!json.is_object()) return with_reason(invalid("Parse Error"), "parseError");
  return json;
}

Answer<Json> read_json(const StorageRequest& request) {
  Bytes body;
  Bytes part(64 << 10);
  for (;;) {
    const std::size_t size = ANSWER(request.read(part));
    if (size == 0) return parse_bounded_json(as_text(body));
    append(body, ByteView(part).first(size));
    if (body.size() > kJsonBytesMax) {
      return invalid("The metadata are larger than {} bytes.", kJsonBytesMax);
    }
  }
}

}  // namespace firebreak
