#include "backend/aws_signature.h"

#include <algorithm>

#include "base/text.h"
#include "net/url.h"

namespace firebreak {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// Names in lower case and sorted, blanks around and between the words of a value made one.
using SignedHeaders = std::map<std::string, std::string>;

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

std::string without_extra_blanks(std::string_view value) {
  std::string kept;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (kept.empty() || kept.back() == ' ')) continue;
    kept += blank ? ' ' : c;
  }
  if (kept.ends_with(' ')) kept.pop_back();
  return kept;
}

// "20130524T000000Z".
std::string basic_time(WallTime now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string joined_names(const SignedHeaders& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

std::string canonical_request(const std::string& method, const Url& url,
                              const SignedHeaders& headers, const std::string& payload) {
  std::string text = fmt::format("{}\n{}\n{}\n", method, url.path, canonical_query(url.query));
  for (const auto& [name, value] : headers) text += fmt::format("{}:{}\n", name, value);
  return fmt::format("{}\n{}\n{}", text, joined_names(headers), payload);
}

// The key of one day, one region and S3 alone.
Sha256 signing_key(const AwsCredentials& credentials, std::string_view day,
                   std::string_view region) {
  Sha256 key = hmac_sha256(as_bytes("AWS4" + credentials.secret_access_key), as_bytes(day));
  for (const std::string_view part :
       {region, std::string_view("s3"), std::string_view("aws4_request")}) {
    key = hmac_sha256(key, as_bytes(part));
  }
  return key;
}

}  // namespace

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    if (!one.empty()) {
      parameters.emplace_back(one.substr(0, equals), one.substr(std::min(equals + 1, one.size())));
    }
  }
  std::sort(parameters.begin(), parameters.end());
  std::string text;
  for (const auto& [name, value] : parameters) {
    fmt::format_to(std::back_inserter(text), "{}{}={}", text.empty() ? "" : "&", name, value);
  }
  return text;
}

Result<HttpRequest> sign(HttpRequest request, const Sha256& payload,
                         const AwsCredentials& credentials, std::string_view region, WallTime now) {
  const Url url = TRY(parse_url(request.url));
  const std::string time = basic_time(now);
  const std::string payload_hex = to_hex(payload);
  request.headers.emplace_back("x-amz-content-sha256", payload_hex);
  request.headers.emplace_back("x-amz-date", time);
  if (!credentials.session_token.empty()) {
    request.headers.emplace_back("x-amz-security-token", credentials.session_token);
  }
  SignedHeaders headers{{"host", url.authority()}};
  for (const auto& [name, value] : request.headers) {
    headers[lower(name)] = without_extra_blanks(value);
  }
  const std::string day = time.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", day, region);
  const std::string asked = canonical_request(request.method, url, headers, payload_hex);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, scope, to_hex(sha256(as_bytes(asked))));
  const Sha256 signature = hmac_sha256(signing_key(credentials, day, region), as_bytes(to_sign));
  request.headers.emplace_back(
      "Authorization",
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                  credentials.access_key_id, scope, joined_names(headers), to_hex(signature)));
  return request;
}

}  // namespace firebreak
