#include "cli/database_connection.h"

#include "base/file.h"
#include "cli/google_connection.h"

namespace firebreak {
namespace {

constexpr std::string_view kGoogle = "firestore.googleapis.com:443";
constexpr std::string_view kScope = "https://www.googleapis.com/auth/datastore";
constexpr const char* kSystemCertificates = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::size_t kCertificatesMax = 16 << 20;

}  // namespace

void add_connection_options(Command command, ConnectionOptions& options, const std::string& group) {
  command
      .add_option("--firestore-endpoint", options.address,
                  "where Google's Firestore answers, for regional and private endpoints")
      .type_name("HOST:PORT")
      .group(group);
}

Result<FirestoreClient::Options> connect_to_database(Session& session,
                                                     const ConnectionOptions& options) {
  FirestoreClient::Options connection;
  connection.retries = TRY(retries_of(session));
  connection.address = TRY(emulator_address(session.environment()));
  if (!connection.address.empty()) {
    if (options.address.empty()) return connection;
    return error(Code::Invalid,
                 "--firestore-endpoint and FIRESTORE_EMULATOR_HOST name two services; unset one");
  }
  connection.address = options.address.empty() ? std::string(kGoogle) : options.address;
  TRY(check_address("--firestore-endpoint", connection.address));
  const std::string& ca_file = session.options().ca_file;
  const Bytes certificates =
      TRY(read_file(ca_file.empty() ? kSystemCertificates : ca_file, kCertificatesMax)
              .context("certificates to trust"));
  connection.ca_certificates = to_text(certificates);
  GoogleCredentialsOptions identity{.scope = std::string(kScope)};
  identity.http.ca_file = ca_file;
  connection.credentials =
      TRY(GoogleCredentials::find(session.environment(), identity, session.clock())
              .context("no emulator is named by FIRESTORE_EMULATOR_HOST, and for Google"));
  return connection;
}

}  // namespace firebreak
