// Where a repository lies, as people write it:
//
//   /srv/backup  or  local:/srv/backup        a folder
//   s3:https://host[:port]/bucket[/prefix]    an S3 service; "s3:host/bucket" means https
//   gs:bucket:/[prefix]                       Google Cloud Storage
//   rest:https://[user[:password]@]host/path  restic's REST server
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace firebreak {

struct LocalLocation {
  std::string path;
  bool operator==(const LocalLocation&) const = default;
};
struct S3Location {
  bool https = true;
  std::string host;  // and ":port"
  std::string bucket;
  std::string prefix;  // neither begins nor ends with a slash; may be empty
  bool operator==(const S3Location&) const = default;
};
struct GcsLocation {
  std::string bucket;
  std::string prefix;  // as of S3Location
  bool operator==(const GcsLocation&) const = default;
};
struct RestLocation {
  std::string url;  // "https://host[:port]/path/", always with the last slash; no credentials
  std::string user;
  std::string password;  // never shown
  bool operator==(const RestLocation&) const = default;
};
using Location = std::variant<LocalLocation, S3Location, GcsLocation, RestLocation>;

// Invalid with one line that says what is wrong and what to write instead; it never repeats a
// password.
Result<Location> parse_location(std::string_view text);

// What parse_location() reads again, with "***" for a password.
std::string to_string(const Location& location);

}  // namespace firebreak
