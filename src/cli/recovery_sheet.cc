#include "cli/recovery_sheet.h"

#include <filesystem>
#include <sys/stat.h>

#include "backend/location.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/units.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

struct Sheet {
  std::string location;
  bool is_local = false;
  std::string repository_id;
  std::string made;
  std::string key_id;  // the SHA-256 of the key file, as its name is
  std::string config_sha256;
  std::string key;     // base64, in lines
  std::string config;  // base64, in lines
};

std::string in_lines(ByteView bytes) {
  constexpr std::size_t kColumns = 64;
  const std::string text = to_base64(bytes);
  std::string lines;
  for (std::size_t at = 0; at < text.size(); at += kColumns) {
    lines += text.substr(at, kColumns) + "\n";
  }
  return lines;
}

std::string quoted_for_shell(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string format_sheet(const Sheet& sheet) {
  constexpr const char* kText = R"(RECOVERY SHEET OF A BACKUP REPOSITORY

What an empty machine needs to read the backups, all but the password. Print
this, write the password down by hand, and keep it where a fire that takes the
machines does not reach. Whoever has this sheet, the password and access to
the repository can read every backup.

  Repository  {location}
  Id          {id}
  Key         {key_id}
  Made        {made}

  Password    ______________________________________________________________
{access}
1. THE REPOSITORY IS WHOLE

With restic 0.14 or newer (https://restic.net; many systems have it):

    restic -r {where} snapshots
    restic -r {where} restore latest --target /restored

or with firebreak:

    firebreak -r {where} snapshots
    firebreak -r {where} restore latest --target /restored

2. ITS FILE "config" OR ITS FOLDER "keys" IS LOST

Save this sheet as sheet.txt in the repository's folder and, there, run

    mkdir -p keys
    sed '1,/^BEGIN KEY/d; /^END KEY/,$d' sheet.txt | base64 -d > keys/{key_id}
    sed '1,/^BEGIN CONFIG/d; /^END CONFIG/,$d' sheet.txt | base64 -d > config
    sha256sum keys/{key_id} config

which must end with

    {key_id}  keys/{key_id}
    {config_sha256}  config

Other files print other sums: then a character was misread. In a bucket or on
a server these files are objects of the same names below the repository's
prefix. Then remove sheet.txt and go on as in 1.

BEGIN KEY
{key}END KEY

BEGIN CONFIG
{config}END CONFIG
)";
  constexpr const char* kAccess = R"(
  Access to the storage: account, user or key id, and secret

              ______________________________________________________________

              ______________________________________________________________
)";
  using fmt::arg;
  return fmt::format(fmt::runtime(kText), arg("location", printable(sheet.location)),
                     arg("id", sheet.repository_id), arg("key_id", sheet.key_id),
                     arg("made", sheet.made), arg("access", sheet.is_local ? "" : kAccess),
                     arg("where", printable(quoted_for_shell(sheet.location))),
                     arg("config_sha256", sheet.config_sha256), arg("key", sheet.key),
                     arg("config", sheet.config));
}

}  // namespace

Result<void> check_sheet_path(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    return error(Code::Conflict, "{} exists, and could be the only sheet of a repository",
                 printable(path));
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (::stat(folder.empty() ? "." : folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return error(Code::Invalid, "no folder for the recovery sheet {}", printable(path));
  }
  return {};
}

Result<void> write_recovery_sheet(const Session& session, const OpenedRepository& opened,
                                  const std::string& location, const std::string& path) {
  TRY(check_sheet_path(path));
  const FileName key_name{FileType::Key, opened.repository->key_id().hex()};
  const Bytes key = TRY(opened.backend->load(key_name, {}, {}, session.stop()));
  const Bytes config = TRY(opened.backend->load(config_file(), {}, {}, session.stop()));
  if (to_hex(sha256(key)) != key_name.name) {
    return error(Code::Corrupt, "{} does not match its name", to_string(key_name));
  }
  Location place = TRY(parse_location(location));
  auto* const local = std::get_if<LocalLocation>(&place);
  if (local != nullptr) local->path = std::filesystem::absolute(local->path).lexically_normal();
  Sheet sheet;
  sheet.location = to_string(place);
  sheet.is_local = local != nullptr;
  sheet.repository_id = opened.repository->config().id;
  sheet.made = format_time(session.clock().now()) + " by firebreak " FIREBREAK_VERSION;
  sheet.key_id = key_name.name;
  sheet.config_sha256 = to_hex(sha256(config));
  sheet.key = in_lines(key);
  sheet.config = in_lines(config);
  return write_file(path, as_bytes(format_sheet(sheet)), 0600).context("recovery sheet");
}

}  // namespace firebreak
