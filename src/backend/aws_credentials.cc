#include "backend/aws_credentials.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::size_t kFileSizeMax = 1 << 20;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

Result<AwsCredentials> read_profile(const std::string& path, const std::string& profile) {
  const Result<Bytes> file = read_file(path, kFileSizeMax);
  if (failed_with(file, Code::NotFound)) {
    return error(Code::Unauthenticated,
                 "no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                 "write the profile {} into {}",
                 printable(profile), printable(path));
  }
  if (!file.ok()) return Error(file.error());
  std::optional<AwsCredentials> found = parse_aws_profile(as_text(*file), profile);
  if (!found) {
    return error(Code::Unauthenticated, "{} has no profile [{}]: add it, or set AWS_PROFILE",
                 printable(path), printable(profile));
  }
  if (found->access_key_id.empty() || found->secret_access_key.empty()) {
    return error(Code::Invalid, "the profile [{}] of {} has no {}", printable(profile),
                 printable(path),
                 found->access_key_id.empty() ? "aws_access_key_id" : "aws_secret_access_key");
  }
  return *std::move(found);
}

}  // namespace

Result<AwsCredentials> find_aws_credentials(const Environment& environment) {
  AwsCredentials given{variable(environment, "AWS_ACCESS_KEY_ID"),
                       variable(environment, "AWS_SECRET_ACCESS_KEY"),
                       variable(environment, "AWS_SESSION_TOKEN")};
  if (given.access_key_id.empty() != given.secret_access_key.empty()) {
    const bool has_id = !given.access_key_id.empty();
    return error(Code::Invalid, "{} is set and {} is not: set both",
                 has_id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                 has_id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
  }
  if (!given.access_key_id.empty()) return given;
  std::string path = variable(environment, "AWS_SHARED_CREDENTIALS_FILE");
  if (path.empty()) path = variable(environment, "HOME") + "/.aws/credentials";
  std::string profile = variable(environment, "AWS_PROFILE");
  if (profile.empty()) profile = "default";
  return read_profile(path, profile);
}

std::string aws_region(const Environment& environment) {
  for (const char* const name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    std::string region = variable(environment, name);
    if (!region.empty()) return region;
  }
  return "us-east-1";
}

std::optional<AwsCredentials> parse_aws_profile(std::string_view text, std::string_view profile) {
  std::optional<AwsCredentials> found;
  bool inside = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view setting = trimmed(line);
    if (setting.empty() || setting.front() == '#' || setting.front() == ';') continue;
    if (setting.front() == '[') {
      const std::string_view name = setting.substr(1, setting.find(']') - 1);
      inside = setting.find(']') != setting.npos && trimmed(name) == profile;
      if (inside) found.emplace();
      continue;
    }
    const std::size_t equals = setting.find('=');
    // An indented line belongs to the setting above it, none of which is ours.
    const bool nested = line.front() == ' ' || line.front() == '\t';
    if (!inside || nested || equals == setting.npos) continue;
    const std::string_view key = trimmed(setting.substr(0, equals));
    const std::string_view value = trimmed(setting.substr(equals + 1));
    if (key == "aws_access_key_id") found->access_key_id = value;
    if (key == "aws_secret_access_key") found->secret_access_key = value;
    if (key == "aws_session_token") found->session_token = value;
  }
  return found;
}

}  // namespace firebreak
