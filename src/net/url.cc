#include "net/url.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>

namespace firebreak {
namespace {

using CurlUrl = std::unique_ptr<CURLU, void (*)(CURLU*)>;

std::string part(CURLU* url, CURLUPart which, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, void (*)(void*)> owner(text, curl_free);
  return text;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Url::origin() const {
  return fmt::format("{}://{}", scheme, authority());
}

std::string Url::authority() const {
  return port.empty() ? host : fmt::format("{}:{}", host, port);
}

Result<Url> parse_url(const std::string& text) {
  const CurlUrl parsed(curl_url(), curl_url_cleanup);
  CHECK(parsed != nullptr);
  const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), CURLU_PATH_AS_IS);
  if (code != CURLUE_OK) {
    return error(Code::Invalid, "not an address of a server ({})", curl_url_strerror(code));
  }
  Url url;
  url.scheme = part(parsed.get(), CURLUPART_SCHEME, 0);
  if (url.scheme != "http" && url.scheme != "https") {
    return error(Code::Invalid, "an address begins with http:// or https://, not {}://",
                 url.scheme);
  }
  url.user = part(parsed.get(), CURLUPART_USER, CURLU_URLDECODE);
  url.password = part(parsed.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  url.host = part(parsed.get(), CURLUPART_HOST, 0);
  url.port = part(parsed.get(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  url.path = part(parsed.get(), CURLUPART_PATH, 0);
  url.query = part(parsed.get(), CURLUPART_QUERY, 0);
  return url;
}

std::string without_secrets(const std::string& url) {
  const Result<Url> parsed = parse_url(url);
  return parsed.ok() ? parsed->origin() + parsed->path : "(not an address)";
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != keep.npos) {
      encoded += c;
    } else {
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    if (text.size() - at < 3) return std::nullopt;
    const int high = hex_digit(text[at + 1]);
    const int low = hex_digit(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return decoded;
}

}  // namespace firebreak
