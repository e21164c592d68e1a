#include "backend/location.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "net/url.h"

namespace firebreak {
namespace {

constexpr std::string_view kS3Form = "s3:https://host/bucket/prefix";
constexpr std::string_view kGcsForm = "gs:bucket:/prefix";
constexpr std::string_view kRestForm = "rest:https://host/path";
// Kinds that restic knows and this program does not.
constexpr std::string_view kForeignKinds[] = {"sftp", "b2", "azure", "swift", "rclone"};

Error malformed(std::string_view kind, std::string_view what, std::string_view form) {
  return error(Code::Invalid, "the {} location {}; write {}", kind, what, form);
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trim_slashes(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// "host", "host:port", "[::1]:port".
bool is_host(std::string_view host) {
  const std::size_t colon = host.ends_with(']') ? std::string_view::npos : host.rfind(':');
  if (colon != std::string_view::npos) {
    unsigned port = 0;
    const std::string_view digits = host.substr(colon + 1);
    const auto [end, failed] = std::from_chars(digits.begin(), digits.end(), port);
    if (failed != std::errc{} || end != digits.end() || port == 0 || port > 65535) return false;
    host = host.substr(0, colon);
  }
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || (bracketed && c == ':');
  });
}

// Buckets of both services: 3 to 63 (Google: up to 222) letters, digits, '-', '_' and '.'.
bool is_bucket(std::string_view bucket) {
  return bucket.size() >= 3 && bucket.size() <= 222 && is_alphanumeric(bucket.front()) &&
         std::all_of(bucket.begin(), bucket.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

Result<Location> parse_local(std::string_view path) {
  if (path.empty()) {
    return error(Code::Invalid, "the repository's path is empty; write the path of a folder");
  }
  return Location(LocalLocation{std::string(path)});
}

Result<Location> parse_s3(std::string_view text) {
  S3Location location;
  if (text.starts_with("http://")) {
    location.https = false;
    text.remove_prefix(7);
  } else if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("//")) {
    text.remove_prefix(2);
  }
  if (text.find('@') < text.find('/')) {
    return error(Code::Invalid,
                 "an s3 location holds no credentials; set AWS_ACCESS_KEY_ID and "
                 "AWS_SECRET_ACCESS_KEY");
  }
  const std::size_t slash = text.find('/');
  location.host = text.substr(0, slash);
  if (!is_host(location.host)) return malformed("s3", "has no valid host", kS3Form);
  if (slash == std::string_view::npos) return malformed("s3", "names no bucket", kS3Form);
  const std::string_view path = trim_slashes(text.substr(slash));
  location.bucket = path.substr(0, path.find('/'));
  if (!is_bucket(location.bucket)) return malformed("s3", "names no valid bucket", kS3Form);
  location.prefix = trim_slashes(path.substr(location.bucket.size()));
  return Location(std::move(location));
}

Result<Location> parse_gcs(std::string_view text) {
  const std::size_t colon = text.find(':');
  GcsLocation location;
  location.bucket = text.substr(0, colon);
  if (!is_bucket(location.bucket)) return malformed("gs", "names no valid bucket", kGcsForm);
  if (colon == std::string_view::npos || !text.substr(colon + 1).starts_with('/')) {
    return malformed("gs", "has no \":/\" after the bucket", kGcsForm);
  }
  location.prefix = trim_slashes(text.substr(colon + 1));
  return Location(std::move(location));
}

Result<Location> parse_rest(std::string_view text) {
  std::string_view scheme;
  for (const std::string_view known : {"https://", "http://"}) {
    if (text.starts_with(known)) scheme = known;
  }
  if (scheme.empty()) return malformed("rest", "is no http or https address", kRestForm);
  text.remove_prefix(scheme.size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view host = text.substr(0, slash);
  const std::string_view path = text.substr(slash);
  RestLocation location;
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    const std::string_view credentials = host.substr(0, at);
    host.remove_prefix(at + 1);
    const std::size_t colon = std::min(credentials.find(':'), credentials.size());
    const auto user = percent_decode(credentials.substr(0, colon));
    const auto password = percent_decode(colon < credentials.size() ? credentials.substr(colon + 1)
                                                                    : std::string_view());
    if (!user || !password) {
      return malformed("rest", "has a user or password with a bare '%'",
                       "%25 for it, and %2F for a slash");
    }
    location.user = *user;
    location.password = *password;
  }
  if (!is_host(host)) {
    return malformed("rest", "has no valid host",
                     fmt::format("{}, and a slash in a password as %2F", kRestForm));
  }
  if (path.find_first_of("?#") != std::string_view::npos) {
    return malformed("rest", "has a '?' or '#'", kRestForm);
  }
  location.url = fmt::format("{}{}{}{}", scheme, host, path, path.ends_with('/') ? "" : "/");
  return Location(std::move(location));
}

// The kind before the first colon, empty where the text is a path.
std::string_view kind_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view kind = text.substr(0, colon);
  const bool is_word = std::all_of(
      kind.begin(), kind.end(), [](char c) { return is_alphanumeric(c) || c == '+' || c == '-'; });
  return is_word ? kind : std::string_view();
}

Result<Location> refuse_kind(std::string_view kind) {
  if (kind == "http" || kind == "https") {
    return error(Code::Invalid, "an address alone does not say what answers there; write {} or {}",
                 kRestForm, kS3Form);
  }
  if (std::ranges::find(kForeignKinds, kind) != std::end(kForeignKinds)) {
    return error(Code::Invalid,
                 "{}: repositories are not supported; a folder, s3:, gs: and rest: are", kind);
  }
  return error(Code::Invalid,
               "\"{0}:\" is no kind of repository; a folder, s3:, gs: and rest: are, and ./{0}:… "
               "for a folder of this name",
               kind);
}

}  // namespace

Result<Location> parse_location(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return error(Code::Invalid,
                 "the repository location holds a control character, perhaps the end of a line");
  }
  const std::string_view kind = kind_of(text);
  if (kind.empty()) return parse_local(text);
  const std::string_view rest = text.substr(kind.size() + 1);
  if (kind == "local") return parse_local(rest);
  if (kind == "s3") return parse_s3(rest);
  if (kind == "gs") return parse_gcs(rest);
  if (kind == "rest") return parse_rest(rest);
  return refuse_kind(kind);
}

static std::string spell(const LocalLocation& local) {
  return kind_of(local.path).empty() ? local.path : "local:" + local.path;
}

static std::string spell(const S3Location& s3) {
  return fmt::format("s3:{}://{}/{}{}{}", s3.https ? "https" : "http", s3.host, s3.bucket,
                     s3.prefix.empty() ? "" : "/", s3.prefix);
}

static std::string spell(const GcsLocation& gcs) {
  return fmt::format("gs:{}:/{}", gcs.bucket, gcs.prefix);
}

static std::string spell(const RestLocation& rest) {
  std::string url = rest.url;
  if (!rest.user.empty() || !rest.password.empty()) {
    url.insert(url.find("://") + 3, fmt::format("{}{}@", percent_encode(rest.user),
                                                rest.password.empty() ? "" : ":***"));
  }
  return "rest:" + url;
}

std::string to_string(const Location& location) {
  return std::visit([](const auto& known) { return spell(known); }, location);
}

}  // namespace firebreak
