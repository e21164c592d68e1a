#include "cli/bucket_connection.h"

#include <algorithm>

#include "base/text.h"
#include "cli/google_connection.h"

namespace firebreak {
namespace {

constexpr std::string_view kScheme = "gs://";
// Access control lists are told to nobody who has less.
constexpr std::string_view kScope = "https://www.googleapis.com/auth/devstorage.full_control";

bool may_be_in_a_bucket_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

}  // namespace

Result<StorageClient::Options> connect_to_bucket(Session& session) {
  StorageClient::Options connection{
      {TRY(connect_to_google(session, kStorageEndpoint, kStorageEmulator, kScope))}};
  return connection;
}

Result<std::string> parse_bucket_url(const std::string& url) {
  std::string name = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  if (name.ends_with('/')) name.pop_back();
  if (name.find('/') != std::string::npos) {
    return error(Code::Invalid, "{}: a point is of a whole bucket, {}{}", printable(url), kScheme,
                 printable(name.substr(0, name.find('/'))));
  }
  if (name.size() >= 3 && name.size() <= 222 &&
      std::ranges::all_of(name, may_be_in_a_bucket_name)) {
    return name;
  }
  return error(Code::Invalid, "{}: a bucket is written {}BUCKET", printable(url), kScheme);
}

}  // namespace firebreak
