#include "net/http_status.h"

#include <algorithm>
#include <charconv>
#include <curl/curl.h>

#include "base/text.h"
#include "net/url.h"

namespace firebreak {
namespace {

constexpr std::size_t kExcerptMax = 300;
constexpr std::chrono::seconds kWaitMax = std::chrono::hours(24);

Code code_of(int status) {
  switch (status) {
    case 401:
      return Code::Unauthenticated;
    case 403:
      return Code::Denied;
    case 404:
      return Code::NotFound;
    case 409:
    case 412:
      return Code::Conflict;
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return Code::Unavailable;
    case 507:
      return Code::Exhausted;
    default:
      return Code::Io;
  }
}

std::chrono::seconds clamped(std::chrono::seconds wait) {
  return std::clamp(wait, std::chrono::seconds(0), kWaitMax);
}

std::optional<std::chrono::sys_seconds> parse_date(const std::string& text) {
  const std::time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

}  // namespace

Error status_error(const HttpResponse& response, std::string_view said) {
  std::string message = fmt::format("the server answered {}", response.status);
  if (response.status >= 300 && response.status < 400) {
    message += fmt::format(", a redirection to {}",
                           printable(without_secrets(response.header("location"))));
  }
  if (!said.empty()) message += fmt::format(" ({})", excerpt(said));
  Error failure(code_of(response.status), std::move(message));
  if (failure.code() != Code::Unavailable) return failure;
  const std::optional<std::chrono::milliseconds> wait = retry_after(response);
  return wait ? std::move(failure).after(*wait) : failure;
}

std::string excerpt(std::string_view text) {
  std::string line;
  bool blank = false;
  for (const char c : text.substr(0, 2 * kExcerptMax)) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      blank = !line.empty();
      continue;
    }
    if (blank) line += ' ';
    blank = false;
    line += c;
  }
  if (line.size() <= kExcerptMax) return printable(line);
  return printable(line.substr(0, kExcerptMax)) + "…";
}

std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response) {
  const std::string text = response.header("retry-after");
  long long seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (!text.empty() && end == text.data() + text.size()) {
    if (code == std::errc::result_out_of_range) return kWaitMax;
    return clamped(std::chrono::seconds(std::min<long long>(seconds, kWaitMax.count())));
  }
  const std::optional<std::chrono::sys_seconds> until = parse_date(text);
  const std::optional<std::chrono::sys_seconds> now = server_time(response);
  if (!until || !now) return std::nullopt;
  return clamped(*until - *now);
}

std::optional<std::chrono::sys_seconds> server_time(const HttpResponse& response) {
  return parse_date(response.header("date"));
}

}  // namespace firebreak
