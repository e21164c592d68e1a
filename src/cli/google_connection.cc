#include "cli/google_connection.h"

#include "cli/units.h"

namespace firebreak {

Result<RetryPolicy> retries_of(Session& session) {
  Console& console = session.console();
  RetryPolicy retries;
  retries.give_up_after = TRY(parse_span(session.options().retry_for).context("--retry-for"));
  retries.on_wait = [&console](const Error& failure, Nanoseconds wait) {
    console.say(fmt::format("{}; trying again in {}", failure.message(), format_span(wait)));
  };
  return retries;
}

Result<GoogleService::Options> connect_to_google(Session& session, const char* endpoint,
                                                 const char* emulator, std::string_view scope) {
  GoogleService::Options connection;
  connection.retries = TRY(retries_of(session));
  connection.http.ca_file = session.options().ca_file;
  connection.endpoint = TRY(emulator_origin(session.environment(), emulator));
  if (!connection.endpoint.empty()) return connection;
  connection.endpoint = endpoint;
  connection.credentials =
      TRY(GoogleCredentials::find(session.environment(),
                                  {.scope = std::string(scope), .http = connection.http},
                                  session.clock())
              .context("no emulator is named by {}, and for Google", emulator));
  return connection;
}

}  // namespace firebreak
